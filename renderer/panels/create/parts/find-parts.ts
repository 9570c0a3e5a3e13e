import type { ModelSummary } from '../../../../main/contract/model.ts'
import type { PartSummary } from '../../../../main/contract/part.ts'
import { misfit } from '../../../part-names.ts'

/** A part on offer, with the reason it cannot be chosen if there is one. */
interface OfferedPart {
  readonly part: PartSummary
  readonly reason: string | undefined
}

interface FindOptions {
  readonly search: string
  readonly model: ModelSummary | undefined
  readonly used: readonly string[]
}

/** More than can be read are not drawn. */
const SHOWN = 100

/** The parts that have all words of `search` in their name, trigger words or description; those that fit the model first. */
export function findParts(
  parts: readonly PartSummary[],
  { search, model, used }: FindOptions,
): { readonly shown: readonly OfferedPart[]; readonly more: number } {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const offered = parts
    .filter((part) => words.every((word) => textOf(part).includes(word)))
    .map((part) => ({ part, reason: used.includes(part.id) ? 'Already in use.' : misfit(part, model) }))
  const fitFirst = [...offered.filter(({ reason }) => !reason), ...offered.filter(({ reason }) => reason)]
  return { shown: fitFirst.slice(0, SHOWN), more: Math.max(0, fitFirst.length - SHOWN) }
}

function textOf({ name, triggerWords, description }: PartSummary): string {
  return [name, ...triggerWords, description ?? ''].join(' ').toLowerCase()
}
