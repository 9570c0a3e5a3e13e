import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { promptChunks, wrapped } from './chunks.ts'
import type { Tokenizer } from './tokenizer.ts'

/** The text encoder: token ids [n][contextLength] to hidden states [n, contextLength, d]. */
export type TextEncoder = (ids: number[][]) => Promise<Tensor>

/** A prompt's conditioning [1, contextLength·k, d]: its k chunks, encoded separately, one after the other. */
export async function encodePrompt(tokenizer: Tokenizer, encode: TextEncoder, text: string): Promise<Tensor> {
  return asSequence(await encode(promptChunks(tokenizer, text)))
}

/**
 * The conditioning of a prompt and of its negative prompt, both [1, contextLength·k, d] with the same k: the shorter
 * is filled up with empty chunks, so that the two can go through the network in one batch.
 */
export async function encodePair(
  tokenizer: Tokenizer,
  encode: TextEncoder,
  prompt: string,
  negativePrompt: string,
): Promise<{ conditioning: Tensor; unconditional: Tensor }> {
  const pair = [promptChunks(tokenizer, prompt), promptChunks(tokenizer, negativePrompt)]
  const count = Math.max(...pair.map((chunks) => chunks.length))
  for (const chunks of pair) {
    while (chunks.length < count) chunks.push(wrapped(tokenizer, []))
  }
  const { shape, data } = await encode(pair.flat())
  const [, length = 0, width = 0] = shape
  const half = count * length * width
  return {
    conditioning: tensor([1, count * length, width], data.subarray(0, half)),
    unconditional: tensor([1, count * length, width], data.subarray(half)),
  }
}

/** [k, contextLength, d] is already one sequence in memory. */
function asSequence({ shape, data }: Tensor): Tensor {
  const [chunks = 0, length = 0, width = 0] = shape
  return tensor([1, chunks * length, width], data)
}
