import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ModelSummary } from '../contract/model.ts'
import { summarise } from './summary.ts'

/** What comes with the studio, with the picture in its folder. */
export async function builtInModel(folder: string, memoryBytes: number): Promise<ModelSummary | null> {
  const model = await summarise(folder, { isBuiltIn: true, memoryBytes })
  return model && { ...model, hasThumbnail: existsSync(builtInPicture(folder)) }
}

/** Where its picture lies. */
export function builtInPicture(folder: string): string {
  return join(folder, 'preview.webp')
}
