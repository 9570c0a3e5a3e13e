import { promptChunks } from '../prompt-chunks.ts'
import type { Stretch } from './weighted-stretches.ts'

/** A piece of a prompt that is drawn in one way. */
export interface MirrorPiece {
  readonly start: number
  readonly text: string
  /** The chunk of the text encoder that it is in, from 0. */
  readonly chunk: number
  readonly isWeighted: boolean
}

/** The prompt cut where chunks begin and where weights begin and end. */
export function mirrorPieces(
  text: string,
  chunkStarts: readonly number[],
  stretches: readonly Stretch[],
): readonly MirrorPiece[] {
  const chunks = promptChunks(text, chunkStarts)
  return chunks.flatMap(({ start, text: part }, chunk) => {
    const end = start + part.length
    const edges = stretches.flatMap((stretch) => [stretch.start, stretch.end])
    const cuts = [start, ...edges.filter((edge) => edge > start && edge < end), end]
    return cuts.slice(0, -1).map((from, index) => ({
      start: from,
      text: text.slice(from, cuts[index + 1]),
      chunk,
      isWeighted: stretches.some((stretch) => stretch.start <= from && from < stretch.end),
    }))
  })
}
