import { openEmbedding } from '../checkpoint/parts/embedding.ts'
import { StudioError } from '../contract/failure.ts'
import type { Logger } from '../contract/failure.ts'
import type { GenerationTask } from '../contract/studio.ts'
import { concatBatch } from '../tensor/batch.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { namesIn } from '../text/named-words.ts'
import type { NamedWord } from '../text/named-words.ts'

/** What a text encoder needs to know of words beyond its vocabulary. */
export interface WordSpace {
  readonly vocabularySize: number
  /** Of a word's vector. */
  readonly width: number
  /** Tokens it takes at once, besides the begin and the end. */
  readonly contentLength: number
}

/** The words that a task's prompts call by name, as one text encoder sees them. */
export interface JoinedWords {
  readonly words: readonly NamedWord[]
  /** [k, width]: what the words' ids stand for, from the vocabulary's end on; one row of zeros where there are none. */
  readonly vectors: Tensor
}

/** No words, for each text encoder. */
export function noWords(spaces: readonly WordSpace[]): JoinedWords[] {
  return spaces.map(({ width }) => ({ words: [], vectors: tensor([1, width]) }))
}

/**
 * The embeddings that the prompts call, opened; the others stay closed.
 * @throws StudioError invalid-request, naming the prompt's field, for one of another kind of model or too long; checkpoint-unsupported
 */
export async function joinedWords(
  { request, embeddings }: GenerationTask,
  spaces: readonly WordSpace[],
  logger: Logger,
): Promise<JoinedWords[]> {
  const [first] = spaces
  const names = embeddings.map(({ name }) => name)
  const called = new Set(namesIn(`${request.prompt}\n${request.negativePrompt}`, names))
  if (called.size === 0) return noWords(spaces)
  if (!first) {
    logger.warn(`Not used, since the model's text encoder takes no words of its own: ${[...called].join(', ')}`)
    return []
  }
  const widths = spaces.map(({ width }) => width)
  const opened: { readonly name: string; readonly vectors: readonly Tensor[] }[] = []
  for (const { name, path } of embeddings) {
    if (!called.delete(name)) continue
    const field = namesIn(request.prompt, [name]).length > 0 ? 'prompt' : 'negativePrompt'
    const vectors = await openEmbedding(path, widths).catch((error: unknown) => {
      if (!(error instanceof StudioError)) throw error
      throw new StudioError(error.code, error.message, { field, cause: error })
    })
    requireLength(path, vectors[0]?.shape[0] ?? 0, first.contentLength, field)
    opened.push({ name, vectors })
  }
  return spaces.map(({ vocabularySize }, place) => inOneSpace(opened, vocabularySize, place))
}

function inOneSpace(
  opened: readonly { readonly name: string; readonly vectors: readonly Tensor[] }[],
  vocabularySize: number,
  place: number,
): JoinedWords {
  let next = vocabularySize
  const words: NamedWord[] = []
  const rows: Tensor[] = []
  for (const { name, vectors } of opened) {
    const own = vectors[place]
    if (!own) continue
    const count = own.shape[0] ?? 0
    words.push({ name, ids: Array.from({ length: count }, (_, i) => next + i) })
    rows.push(own)
    next += count
  }
  return { words, vectors: rows.reduce((before, row) => concatBatch(before, row)) }
}

function requireLength(path: string, found: number, most: number, field: string): void {
  if (found <= most) return
  throw new StudioError(
    'invalid-request',
    `${path}: expected a word of at most ${most} vectors, as the text encoder takes at once, found ${found}`,
    { field },
  )
}
