/** Whether the prompt has a phrase already, in any case. */
export function hasPhrase(prompt: string, phrase: string): boolean {
  return prompt.toLowerCase().includes(phrase.trim().toLowerCase())
}

/** The prompt with a phrase at its end, behind a comma. */
export function withPhrase(prompt: string, phrase: string): string {
  const before = prompt.replace(/[\s,]+$/, '')
  return before === '' ? phrase.trim() : `${before}, ${phrase.trim()}`
}
