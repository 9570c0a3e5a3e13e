import type { PromptStyleId } from '../contract/generation.ts'
import { promptStyles } from './prompt/styles.ts'
import type { Tokenizer } from './tokenizer.ts'

/** How many content tokens a prompt has, and where its chunks start in it, in UTF-16 units. */
export function countTokens(
  tokenizer: Tokenizer,
  text: string,
  style: PromptStyleId = 'plain',
): { tokens: number; chunkTokens: number; chunkStarts: number[] } {
  const { read, chunks: cut } = promptStyles[style]
  const chunks = cut(tokenizer, read(text))
  return {
    tokens: chunks.flatMap(({ fragments }) => fragments).filter((fragment) => fragment !== null).length,
    chunkTokens: tokenizer.contextLength - 2,
    chunkStarts: chunks.map(({ start }, i) => (i === 0 ? 0 : start)),
  }
}
