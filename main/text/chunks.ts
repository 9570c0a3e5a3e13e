import type { Tokenizer } from './tokenizer.ts'

/** How far back from a chunk's end a comma may lie for the chunk to end there; AUTOMATIC1111's default. */
const COMMA_REACH = 20

/**
 * The prompt as token ids in chunks of `contextLength`: BOS, content, EOS, padding. A prompt that is too long for one
 * chunk goes on in the next; where a comma lies near a chunk's end, what follows the comma moves on whole. An empty
 * prompt is one chunk.
 */
export function promptChunks(tokenizer: Tokenizer, text: string): number[][] {
  const { ids } = tokenizer.encode(text)
  const starts = chunkStarts(tokenizer, ids)
  return starts.map((start, index) => wrapped(tokenizer, ids.slice(start, starts[index + 1])))
}

/** One chunk of content ids between BOS and EOS, padded to `contextLength`; what does not fit is cut off. */
export function wrapped(tokenizer: Tokenizer, contentIds: readonly number[]): number[] {
  const { bosId, eosId, padId, contextLength } = tokenizer
  const chunk = [bosId, ...contentIds.slice(0, contextLength - 2), eosId]
  return [...chunk, ...Array<number>(contextLength - chunk.length).fill(padId)]
}

/** How many content tokens a prompt has, and where its chunks start in it, in UTF-16 units. */
export function countTokens(
  tokenizer: Tokenizer,
  text: string,
): { tokens: number; chunkTokens: number; chunkStarts: number[] } {
  const { ids, starts } = tokenizer.encode(text)
  return {
    tokens: ids.length,
    chunkTokens: tokenizer.contextLength - 2,
    chunkStarts: chunkStarts(tokenizer, ids).map((start) => (start === 0 ? 0 : (starts[start] ?? text.length))),
  }
}

/** Indices of the tokens that start a chunk; the first is 0. */
function chunkStarts({ commaId, contextLength }: Tokenizer, ids: readonly number[]): number[] {
  const size = contextLength - 2
  const starts = [0]
  let start = 0
  let afterComma = -1
  for (const [index, id] of ids.entries()) {
    if (index - start === size) {
      const isCommaNear = id !== commaId && afterComma > start && index - afterComma < COMMA_REACH
      start = isCommaNear ? afterComma : index
      starts.push(start)
    }
    if (id === commaId) afterComma = index + 1
  }
  return starts
}
