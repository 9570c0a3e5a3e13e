import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { promptChunks, wrapped } from './chunks.ts'
import type { Tokenizer } from './tokenizer.ts'

/** What a text encoder makes of n token sequences. */
export interface EncodedText {
  /** Hidden states [n, contextLength, d]. */
  readonly states: Tensor
  /** [n, p]; null of encoders without one. */
  readonly pooled: Tensor | null
}

/** Token ids [n][contextLength] to what the model takes of them. */
export type TextEncoder = (ids: number[][]) => Promise<EncodedText>

/** A text encoder with its own tokenizer. Those of one model share their vocabulary, so that chunks end at the same places. */
export interface PromptEncoder {
  readonly tokenizer: Tokenizer
  readonly encode: TextEncoder
}

/** A prompt as the model sees it. */
export interface EncodedPrompt {
  /** [1, contextLength·k, d]: k chunks, one after the other, of all encoders side by side. */
  readonly context: Tensor
  /** [1, p] of the last encoder, of the first chunk; null where it has none. */
  readonly pooled: Tensor | null
}

/** A prompt's conditioning: its chunks are encoded separately. */
export async function encodePrompt(encoders: readonly PromptEncoder[], text: string): Promise<EncodedPrompt> {
  const promptAt = await encodeTexts(encoders, [text])
  return promptAt(0)
}

/**
 * The conditioning of a prompt and of its negative prompt, with equally many chunks: the shorter is filled up with empty
 * ones, so that the two can go through the network in one batch.
 */
export async function encodePair(
  encoders: readonly PromptEncoder[],
  prompt: string,
  negativePrompt: string,
): Promise<{ conditioning: EncodedPrompt; unconditional: EncodedPrompt }> {
  const promptAt = await encodeTexts(encoders, [prompt, negativePrompt])
  return { conditioning: promptAt(0), unconditional: promptAt(1) }
}

/** The texts, encoded with equally many chunks, by their index. */
async function encodeTexts(
  encoders: readonly PromptEncoder[],
  texts: readonly string[],
): Promise<(index: number) => EncodedPrompt> {
  const byEncoder: EncodedPrompt[][] = []
  for (const { tokenizer, encode } of encoders) {
    const chunks = evenChunks(tokenizer, texts)
    byEncoder.push(split(await encode(chunks.flat()), texts.length))
  }
  return (index) => {
    const parts = byEncoder.flatMap((prompts) => prompts[index] ?? [])
    return { context: sideBySide(parts.map(({ context }) => context)), pooled: parts.at(-1)?.pooled ?? null }
  }
}

/** Each text's chunks, filled up with empty ones to the most that a text has. */
function evenChunks(tokenizer: Tokenizer, texts: readonly string[]): number[][][] {
  const chunks = texts.map((text) => promptChunks(tokenizer, text))
  const count = Math.max(...chunks.map(({ length }) => length))
  for (const own of chunks) while (own.length < count) own.push(wrapped(tokenizer, []))
  return chunks
}

/** The n sequences' results as those of `count` prompts with equally many chunks, which lie in one row in memory. */
function split({ states, pooled }: EncodedText, count: number): EncodedPrompt[] {
  const [sequences = 0, length = 0, width = 0] = states.shape
  const chunks = sequences / count
  const size = chunks * length * width
  return Array.from({ length: count }, (_, i) => ({
    context: tensor([1, chunks * length, width], states.data.subarray(i * size, (i + 1) * size)),
    pooled: pooled && firstRow(pooled, i * chunks),
  }))
}

function firstRow({ shape, data }: Tensor, row: number): Tensor {
  const [, width = 0] = shape
  return tensor([1, width], data.subarray(row * width, (row + 1) * width))
}

/** Contexts of the same tokens, [n, t, d] of each encoder, as [n, t, sum of d]. */
export function sideBySide(contexts: readonly Tensor[]): Tensor {
  const [first, ...others] = contexts
  if (first && others.length === 0) return first
  const widths = contexts.map(({ shape }) => shape[2] ?? 0)
  const [count = 0, length = 0] = first?.shape ?? []
  const tokens = count * length
  const width = widths.reduce((sum, own) => sum + own, 0)
  const joined = tensor([count, length, width])
  for (let token = 0; token < tokens; token++) {
    let at = token * width
    for (const [i, { data }] of contexts.entries()) {
      const own = widths[i] ?? 0
      joined.data.set(data.subarray(token * own, (token + 1) * own), at)
      at += own
    }
  }
  return joined
}
