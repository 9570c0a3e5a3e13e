import { stat } from 'node:fs/promises'
import { StudioError } from '../contract/failure.ts'
import type { InputId, ModelId } from '../contract/generation.ts'
import type { GenerationTask } from '../contract/studio.ts'

/** The file of an input picture that the request names. @throws StudioError not-found */
export function inputPath({ inputPaths }: GenerationTask, id: InputId): string {
  const path = inputPaths[id]
  if (path !== undefined) return path
  throw new StudioError('not-found', `expected the input picture ${id}, found ${Object.keys(inputPaths).length} others`)
}

/** Where a part, or a further model, lies that the request names. @throws StudioError model-missing */
export function partPath({ partPaths }: GenerationTask, id: ModelId): string {
  const path = partPaths[id]
  if (path !== undefined) return path
  throw new StudioError(
    'model-missing',
    `expected the part "${id}", found ${Object.keys(partPaths).join(', ') || 'none'}`,
  )
}

/** When the file of each part was written, in milliseconds since 1970, by its path; null where there is none. */
export async function partsWrittenAt({ partPaths }: GenerationTask): Promise<Readonly<Record<string, number | null>>> {
  const times = Object.values(partPaths).map(async (path) => {
    const found = await stat(path).catch(() => null)
    return [path, found?.mtimeMs ?? null] as const
  })
  return Object.fromEntries(await Promise.all(times))
}
