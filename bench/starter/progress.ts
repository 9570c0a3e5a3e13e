/** A line on standard error: how many of the pictures are made, and about how long the rest takes. */
export class Progress {
  readonly #name: string
  readonly #total: number
  readonly #started = performance.now()
  #done = 0

  constructor(name: string, total: number) {
    this.#name = name
    this.#total = total
  }

  add(): void {
    this.#done++
    const left = ((performance.now() - this.#started) / this.#done) * (this.#total - this.#done)
    const line = `${this.#name}  ${this.#done} of ${this.#total} pictures, ${timeLeft(left)}`
    if (process.stderr.isTTY) process.stderr.write(`\r${line.padEnd(60)}`)
    else if (this.#done % 50 === 0) process.stderr.write(`${line}\n`)
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\r'.padEnd(61) + '\r')
  }
}

/** "40 s left", "12 min left" */
export function timeLeft(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  return seconds < 90 ? `${seconds} s left` : `${Math.round(seconds / 60)} min left`
}
