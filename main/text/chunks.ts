import { isBreak } from './prompt/attention.ts'
import type { Fragment } from './prompt/fragment.ts'
import type { Tokenizer } from './tokenizer.ts'

/** How far back from a chunk's end a comma may lie for the chunk to end there; AUTOMATIC1111's default. */
const COMMA_REACH = 20

/** One run of tokens for the text encoder, `contextLength` long: BOS, content, EOS, padding. */
export interface Chunk {
  readonly ids: readonly number[]
  /** Of each token; 1 for all but content. */
  readonly weights: readonly number[]
  /** The fragment each token is of; null for all but content. */
  readonly fragments: readonly (number | null)[]
  /** Where its content starts in the prompt as typed, in UTF-16 units. */
  readonly start: number
}

/** Cuts a prompt's tokens into chunks. */
export type Chunking = (tokenizer: Tokenizer, fragments: readonly Fragment[]) => Chunk[]

interface Token {
  readonly id: number
  readonly weight: number
  readonly fragment: number
  readonly start: number
}

/**
 * Chunks as AUTOMATIC1111's stable-diffusion-webui cuts them: where a comma lies near a full chunk's end, what follows the
 * comma moves on whole; BREAK ends a chunk. An empty prompt is one chunk.
 */
export function commaChunks(tokenizer: Tokenizer, fragments: readonly Fragment[]): Chunk[] {
  const size = tokenizer.contextLength - 2
  const chunks: Chunk[] = []
  let content: Token[] = []
  let afterComma = 0
  const close = (kept: number) => {
    chunks.push(chunkOf(tokenizer, content.slice(0, kept)))
    content = content.slice(kept)
    afterComma = 0
  }
  for (const [index, fragment] of fragments.entries()) {
    if (isBreak(fragment)) {
      close(content.length)
      continue
    }
    for (const group of wholeTokens(tokenizer, fragment, index)) {
      const isComma = group[0]?.id === tokenizer.commaId
      if (content.length === size) {
        const isCommaNear = !isComma && afterComma > 0 && size - afterComma < COMMA_REACH
        close(isCommaNear ? afterComma : size)
      }
      if (content.length + group.length > size) close(content.length)
      content.push(...group)
      if (isComma) afterComma = content.length
    }
  }
  if (content.length > 0 || chunks.length === 0) close(content.length)
  return chunks
}

/** Chunks that are filled to the last token. */
export function fullChunks(tokenizer: Tokenizer, fragments: readonly Fragment[]): Chunk[] {
  return groupChunks(
    tokenizer,
    fragments.flatMap((fragment, index) => wholeTokens(tokenizer, fragment, index)),
  )
}

/** Words of more tokens than this may be split between two chunks; ComfyUI's bound. */
const LONG_WORD = 8

/** Chunks as ComfyUI cuts them: a word that does not fit moves on whole. */
export function wordChunks(tokenizer: Tokenizer, fragments: readonly Fragment[]): Chunk[] {
  const words = fragments.flatMap(({ text, weight, start }, index) =>
    [...text.matchAll(/[^ \n]+/g)].map((word) =>
      wholeTokens(tokenizer, { text: word[0], weight, start: start + word.index }, index),
    ),
  )
  return groupChunks(
    tokenizer,
    words.flatMap((word) => (word.length < LONG_WORD ? [word.flat()] : word)),
  )
}

function groupChunks(tokenizer: Tokenizer, groups: readonly (readonly Token[])[]): Chunk[] {
  const size = tokenizer.contextLength - 2
  const chunks: Token[][] = [[]]
  for (const group of groups) {
    if ((chunks.at(-1)?.length ?? 0) + group.length > size) chunks.push([])
    chunks.at(-1)?.push(...group)
  }
  return chunks.map((content) => chunkOf(tokenizer, content))
}

/** The fragment's tokens, those together that are never split. */
function wholeTokens(tokenizer: Tokenizer, fragment: Fragment, index: number): Token[][] {
  const groups: Token[][] = []
  for (const token of tokensOf(tokenizer, fragment, index)) {
    const last = groups.at(-1)
    if (last && tokenizer.continuesWord?.(token.id)) last.push(token)
    else groups.push([token])
  }
  return groups
}

function tokensOf(tokenizer: Tokenizer, { text, weight, start }: Fragment, fragment: number): Token[] {
  const { ids, starts } = tokenizer.encode(text)
  return ids.map((id, i) => ({ id, weight, fragment, start: start + (starts[i] ?? 0) }))
}

function chunkOf(tokenizer: Tokenizer, content: readonly Token[]): Chunk {
  const { bosId, eosId, padId, contextLength } = tokenizer
  const after = contextLength - content.length - 2
  const spread = <T>(edge: T, values: readonly T[]): T[] => [edge, ...values, edge, ...Array<T>(after).fill(edge)]
  const ids = [bosId, ...content.map(({ id }) => id), eosId, ...Array<number>(after).fill(padId)]
  return {
    ids,
    weights: spread(
      1,
      content.map(({ weight }) => weight),
    ),
    fragments: spread<number | null>(
      null,
      content.map(({ fragment }) => fragment),
    ),
    start: content[0]?.start ?? 0,
  }
}

/** A chunk without content. */
export function emptyChunk(tokenizer: Tokenizer): Chunk {
  return chunkOf(tokenizer, [])
}
