/** What the live region says to a screen reader, one sentence at a time. */
export class Announcer {
  #text = $state('')
  #count = 0

  get text(): string {
    return this.#text
  }

  say(sentence: string): void {
    this.#count += 1
    // A sentence said twice is read twice only if the text differs; a trailing no-break space is not spoken.
    this.#text = this.#count % 2 === 0 ? sentence : `${sentence}\u00a0`
  }
}
