import * as z from 'zod'
import { readText } from '../checkpoint/json-file.ts'
import type { Place } from './scan.ts'
import { plainText } from './plain-text.ts'

/** What the files beside a model, and its own metadata, say of it; nothing of it is trusted. */
export interface Told {
  readonly triggerWords: readonly string[]
  readonly description: string | null
  readonly preferredWeight: number | null
  /** The file of its picture, or that its metadata hold one. */
  readonly thumbnail: { readonly path: string } | 'embedded' | null
}

/** With all its example pictures, what Civitai says of a model is some hundred kilobytes. */
const MAX_BYTES = 4_000_000
const MAX_WORDS = 32
const WORD_CHARACTERS = 300
const DESCRIPTION_CHARACTERS = 6000

const text = z.string().nullish().catch(null)
const number = z.coerce.number().nullish().catch(null)
const words = z.array(z.string()).nullish().catch(null)

/** A1111's user metadata. */
const Notes = z.looseObject({ 'activation text': text, 'preferred weight': number, description: text, notes: text })
/** A version of a model as Civitai's interface gives it. */
const Civitai = z.looseObject({
  trainedWords: words,
  description: text,
  model: z.looseObject({ description: text }).nullish().catch(null),
})
/** What Stability Matrix keeps of a model it fetched. */
const Matrix = z.looseObject({ TrainedWords: words, ModelDescription: text, VersionDescription: text })

/** What is told of the model or part at a place. What its owner wrote comes before what its publisher wrote. */
export async function readSidecars(
  { sidecars }: Pick<Place, 'sidecars'>,
  metadata: Readonly<Record<string, string>>,
): Promise<Told> {
  const read = async <S extends z.ZodType>(role: string, schema: S): Promise<z.infer<S> | null> => {
    const file = sidecars.find((sidecar) => sidecar.role === role)
    return file ? readJson(file.path, schema) : null
  }
  const notes = await read('notes', Notes)
  const civitai = await read('civitai', Civitai)
  const matrix = await read('matrix', Matrix)
  const preview = sidecars.find(({ role }) => role === 'preview')
  const weight = notes?.['preferred weight'] ?? 0
  return {
    triggerWords: firstWords([
      [notes?.['activation text']],
      civitai?.trainedWords,
      matrix?.TrainedWords,
      [metadata['modelspec.trigger_phrase']],
    ]),
    description: firstText([
      notes?.description,
      notes?.notes,
      civitai?.model?.description,
      civitai?.description,
      matrix?.ModelDescription,
      matrix?.VersionDescription,
      metadata['modelspec.description'],
    ]),
    // A1111 writes 0 where none was chosen.
    preferredWeight: weight === 0 || Math.abs(weight) > 5 ? null : weight,
    thumbnail: preview ? { path: preview.path } : embeddedPicture(metadata) ? 'embedded' : null,
  }
}

/** The bytes of the picture that a file's metadata hold as a data URL; null where there is none. */
export function embeddedPicture(metadata: Readonly<Record<string, string>>): Uint8Array | null {
  const found = /^data:image\/(?:png|jpeg|webp);base64,([A-Za-z0-9+/=]+)$/.exec(metadata['modelspec.thumbnail'] ?? '')
  return found?.[1] === undefined ? null : Buffer.from(found[1], 'base64')
}

async function readJson<S extends z.ZodType>(path: string, schema: S): Promise<z.infer<S> | null> {
  try {
    const parsed = schema.safeParse(JSON.parse((await readText(path, MAX_BYTES)).replace(/^\uFEFF/, '')))
    return parsed.success ? parsed.data : null
  } catch {
    // Someone else's file: one that does not parse says nothing.
    return null
  }
}

function firstWords(sources: readonly (readonly (string | null | undefined)[] | null | undefined)[]): string[] {
  for (const source of sources) {
    const found = (source ?? []).map((word) => plainText(word ?? '', WORD_CHARACTERS)).filter((word) => word !== '')
    if (found.length > 0) return [...new Set(found)].slice(0, MAX_WORDS)
  }
  return []
}

function firstText(sources: readonly (string | null | undefined)[]): string | null {
  for (const source of sources) {
    const found = plainText(source ?? '', DESCRIPTION_CHARACTERS)
    if (found !== '') return found
  }
  return null
}
