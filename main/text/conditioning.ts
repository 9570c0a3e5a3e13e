import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { PromptStyleId } from '../contract/generation.ts'
import { sliceBatch } from '../tensor/batch.ts'
import { emptyChunk } from './chunks.ts'
import type { Chunk } from './chunks.ts'
import { promptStyles } from './prompt/styles.ts'
import type { Tokenizer } from './tokenizer.ts'

/** What a text encoder makes of n token sequences. */
export interface EncodedText {
  /** Hidden states [n, contextLength, d]. */
  readonly states: Tensor
  /** [n, p]; null of encoders without one. */
  readonly pooled: Tensor | null
}

/** Token ids [n][contextLength] to what the model takes of them. Tokens that `hidden` marks are attended to by none. */
export type TextEncoder = (
  ids: readonly (readonly number[])[],
  hidden?: readonly (readonly boolean[])[],
) => Promise<EncodedText>

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
export async function encodePrompt(
  encoders: readonly PromptEncoder[],
  text: string,
  style: PromptStyleId = 'plain',
): Promise<EncodedPrompt> {
  const [prompt] = await encodePrompts(encoders, [text], style)
  if (!prompt) throw new RangeError('expected at least one text encoder, found none')
  return prompt
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
  const [conditioning, unconditional] = await encodePrompts(encoders, [prompt, negativePrompt], 'plain')
  if (!conditioning || !unconditional) throw new RangeError('expected at least one text encoder, found none')
  return { conditioning, unconditional }
}

/**
 * Prompts of one style. Plain ones get equally many chunks; the others keep their own, as in the programs they come from.
 * @throws StudioError invalid-request for a prompt that its style cannot read
 */
export async function encodePrompts(
  encoders: readonly PromptEncoder[],
  texts: readonly string[],
  style: PromptStyleId,
): Promise<EncodedPrompt[]> {
  const byEncoder: EncodedPrompt[][] = []
  for (const encoder of encoders) {
    const chunks = texts.map((text) => promptStyles[style].chunks(encoder.tokenizer, promptStyles[style].read(text)))
    if (style === 'plain') even(chunks, emptyChunk(encoder.tokenizer))
    byEncoder.push(await encodeChunks(encoder, chunks, style))
  }
  return texts.map((_, index) => {
    const parts = byEncoder.flatMap((prompts) => prompts[index] ?? [])
    return { context: sideBySide(parts.map(({ context }) => context)), pooled: parts.at(-1)?.pooled ?? null }
  })
}

function even(prompts: Chunk[][], empty: Chunk): void {
  const count = Math.max(...prompts.map(({ length }) => length))
  for (const chunks of prompts) while (chunks.length < count) chunks.push(empty)
}

async function encodeChunks(
  { tokenizer, encode }: PromptEncoder,
  prompts: readonly (readonly Chunk[])[],
  style: PromptStyleId,
): Promise<EncodedPrompt[]> {
  const ids = prompts.flatMap((chunks) => chunks.map((chunk) => chunk.ids))
  const { states, pooled } = await encode(ids)
  const results: EncodedPrompt[] = []
  let from = 0
  for (const chunks of prompts) {
    const own = sliceBatch(states, from, from + chunks.length)
    const isWeighted = chunks.some(({ weights }) => weights.some((weight) => weight !== 1))
    const context = isWeighted
      ? await promptStyles[style].emphasis({
          chunks,
          states: own,
          empty: emptyChunk(tokenizer),
          encode: async (...sequences) => (await encode(...sequences)).states,
        })
      : own
    results.push({ context: oneRow(context), pooled: pooled && sliceBatch(pooled, from, from + 1) })
    from += chunks.length
  }
  return results
}

/** Chunks [k, t, d] one after the other: [1, k·t, d]. */
function oneRow({ shape: [chunks = 0, length = 0, width = 0], data }: Tensor): Tensor {
  return tensor([1, chunks * length, width], data)
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
