import type { MemoryNeed } from '../../../main/contract/model.ts'
import { sizeText } from '../../names.ts'
import { partKindNames } from '../../part-names.ts'
import type { LibraryItem, LibraryKind } from '../../state/library-view.svelte.ts'

/** A line of an item's details; `copied` is what its button copies, where it has one. */
export interface LibraryFact {
  readonly name: string
  readonly value: string
  readonly copied?: string
}

/** Digits of a SHA-256 by which other programs call a model, and a LoRA. */
const SHORT_DIGITS = 10
const LORA_DIGITS = 12

/** What one of a kind is called, as a title. */
export function kindTitle(kind: LibraryKind): string {
  return kind === 'model' ? 'Model' : titled(partKindNames[kind].one)
}

/** What many of a kind are called, as a title. */
export function kindsTitle(kind: LibraryKind | 'all'): string {
  if (kind === 'all') return 'All'
  return kind === 'model' ? 'Models' : titled(partKindNames[kind].many)
}

/** Whether a model fits into this machine's memory, as a sentence. */
export function memoryText({ fastBytes, smallBytes, fit }: MemoryNeed): string {
  const [fast, small] = [sizeText(fastBytes), sizeText(smallBytes)]
  if (fit === 'fast') return `Fits: ${fast} for speed`
  if (fit === 'small') return `Fits in small memory use: ${small}, more slowly than with ${fast}`
  return `Does not fit: it needs ${small} at the least`
}

/** What there is to know about an item besides its words. */
export function libraryFacts({ kind, family, summary, model, part }: LibraryItem): readonly LibraryFact[] {
  const { sha256, dataSha256, path, sizeBytes } = summary
  const shortHash = sha256?.slice(0, SHORT_DIGITS)
  const loraHash = dataSha256?.slice(0, LORA_DIGITS)
  // Of a model that cannot run these are guesses.
  const known = model?.problem === null ? model : null
  const facts: (LibraryFact | null)[] = [
    { name: 'Kind', value: kindTitle(kind) },
    { name: part ? 'Made for' : 'Family', value: family ?? 'Its file does not tell' },
    model && model.input !== 'none'
      ? { name: 'Takes', value: model.input === 'inpaint' ? 'A picture and a mask' : 'A picture and an instruction' }
      : null,
    { name: 'Size', value: sizeText(sizeBytes) },
    model?.memory ? { name: 'Memory', value: memoryText(model.memory) } : null,
    known && { name: 'Pictures', value: `${known.defaults.widthPx} × ${known.defaults.heightPx}` },
    known && { name: 'Prediction', value: known.predictionType === 'v' ? 'Velocity' : 'Noise' },
    part === null || part.preferredWeight === null ? null : { name: 'Weight', value: String(part.preferredWeight) },
    loraHash === undefined ? null : { name: 'LoRA hash', value: loraHash, copied: loraHash },
    shortHash === undefined ? null : { name: 'Short hash', value: shortHash, copied: shortHash },
    sha256 === null ? null : { name: 'SHA-256', value: sha256, copied: sha256 },
    { name: 'Where', value: path, copied: path },
  ]
  return facts.filter((fact) => fact !== null)
}

function titled(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
