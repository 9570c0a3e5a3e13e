import { join } from 'node:path'
import { pictureTensor } from '../../main/image/picture.ts'
import { Studio } from '../../main/studio/studio.ts'
import type { Tensor } from '../../main/tensor/tensor.ts'
import { starterRequest, starterTask, vocabulariesFolder } from '../starter-task.ts'
import { inTemporaryFolder } from '../temporary-folder.ts'
import { PICTURE_PX } from './cases.ts'

/** A prompt and a seed to a picture [1, 3, 128, 128]. */
export type Draw = (prompt: string, seed: number) => Promise<Tensor>

/** Gives `use` the studio itself, with the model as it offers itself. */
export async function withModel<T>(
  modelFolder: string,
  threads: number | null,
  use: (draw: Draw) => Promise<T>,
): Promise<T> {
  const request = await starterRequest(modelFolder)
  const studio = new Studio({ vocabulariesFolder, appVersion: '0' })
  return inTemporaryFolder(async (stagingFolder) => {
    const result = await use(async (prompt, seed) => {
      const task = starterTask({ ...request, prompt, seed }, { stagingFolder, threads })
      const { pictureName } = await studio.generate(
        { ...task, modelPath: modelFolder },
        {
          signal: new AbortController().signal,
          onProgress: () => undefined,
          onPreview: () => undefined,
          logger: { info: () => undefined, warn: console.warn, error: console.error },
        },
      )
      const size = { widthPx: PICTURE_PX, heightPx: PICTURE_PX, fit: 'stretch' } as const
      return pictureTensor(join(stagingFolder, pictureName), size)
    })
    await studio.release()
    return result
  })
}
