import { StudioError } from '../../contract/failure.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { tensor } from '../../tensor/tensor.ts'
import { readTensorIndex } from '../file-kind.ts'
import { readTensor } from '../safetensors.ts'
import type { TensorEntry } from '../tensor-index.ts'

const FLOATS: readonly string[] = ['F16', 'BF16', 'F32', 'F64']

/**
 * A textual inversion's vectors for each text encoder: [k, width]. Gal et al. 2022 (arXiv 2208.01618). AUTOMATIC1111's files
 * (`string_to_param`, `emb_params`), diffusers' (a tensor named as the word), and SD XL's with one tensor an encoder
 * (`clip_l`, `clip_g`) alike: what tells an encoder's vectors is their width.
 * @param widths of the model's text encoders
 * @throws StudioError model-missing, checkpoint-unsupported; invalid-request for one made for other text encoders
 */
export async function openEmbedding(path: string, widths: readonly number[]): Promise<Tensor[]> {
  const { entries } = await readTensorIndex(path)
  const vectors = [...entries.values()].filter(isVectors)
  const found = vectors.map(({ shape }) => shape.at(-1) ?? 0)
  if (vectors.length === 0) {
    const some = [...entries.keys()].slice(0, 3).join(', ') || 'none'
    throw new StudioError('checkpoint-unsupported', `${path}: expected the vectors of words, found ${some}`)
  }
  const matching = widths.map((width) => vectors.filter(({ shape }) => shape.at(-1) === width))
  const chosen = matching.flatMap((own) => (own.length === 1 ? own : []))
  if (chosen.length !== widths.length || vectors.length !== chosen.length) {
    throw new StudioError(
      'invalid-request',
      `${path}: expected word vectors of ${widths.join(' and ')} values, as the model's text encoders have, found ${found.join(' and ')}`,
    )
  }
  const rows = await Promise.all(chosen.map(asRows))
  const counts = new Set(rows.map(({ shape }) => shape[0]))
  if (counts.size === 1) return rows
  const counted = [...counts].join(' and ')
  throw new StudioError(
    'checkpoint-unsupported',
    `${path}: expected equally many vectors for each text encoder, found ${counted}`,
  )
}

/** The word that diffusers calls an embedding by, where a file of its kind says so: `<word>`. */
export function embeddingWord(entries: ReadonlyMap<string, TensorEntry>): string | null {
  const [name = '', ...others] = entries.keys()
  return others.length === 0 && /^<[^<>]+>$/.test(name) ? name : null
}

/** Beside the vectors lie a word's number, a count of steps and the like. */
function isVectors({ name, dtype, shape }: TensorEntry): boolean {
  const isMatrix = shape.length === 1 || shape.length === 2
  return isMatrix && FLOATS.includes(dtype) && !name.startsWith('string_to_token') && shape.every((size) => size > 0)
}

async function asRows(entry: TensorEntry): Promise<Tensor> {
  const { shape, data } = await readTensor(entry)
  return shape.length === 2 ? tensor(shape, data) : tensor([1, ...shape], data)
}
