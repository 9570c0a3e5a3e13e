/** A stretch of a prompt that the text encoder takes at once. */
export interface PromptChunk {
  readonly start: number
  readonly text: string
}

/**
 * The prompt cut where the tokenizer's chunks begin. Starts beyond the text are left out: the count is a moment
 * older than what is being typed.
 */
export function promptChunks(text: string, chunkStarts: readonly number[]): readonly PromptChunk[] {
  const cuts = chunkStarts.filter((start) => start > 0 && start < text.length)
  const starts = [0, ...cuts]
  return starts.map((start, index) => ({ start, text: text.slice(start, starts[index + 1]) }))
}
