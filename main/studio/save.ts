import { join } from 'node:path'
import type { ModelFacts } from '../checkpoint/checkpoint.ts'
import type { PredictionType } from '../contract/generation.ts'
import type { GenerationResult, GenerationTask } from '../contract/studio.ts'
import type { ImageOrigin } from '../contract/image.ts'
import type { MemoryTrace } from '../contract/memory.ts'
import { parameterTexts } from '../image/parameters.ts'
import { writePicture, writeThumbnail } from '../image/picture.ts'
import { toPixels } from '../image/pixels.ts'
import { runtimeVersion } from '../runtime/network.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { RunRecord } from './run-record.ts'

export interface SaveOptions {
  readonly task: GenerationTask
  readonly checkpoint: ModelFacts
  readonly predictionType: PredictionType
  readonly memory: MemoryTrace
  readonly record: RunRecord
  readonly appVersion: string
  readonly durationMs: number
}

/**
 * The picture, with its parameters inside, and its thumbnail in the staging folder.
 * @param picture [1, 3, h, w], about -1 to 1
 * @throws StudioError disk-full
 */
export async function savePicture(
  picture: Tensor,
  { task, checkpoint, predictionType, memory, record, appVersion, durationMs }: SaveOptions,
): Promise<GenerationResult> {
  const { jobId, request, stagingFolder } = task
  record.add('pixels', toPixels(picture).data)
  const origin: ImageOrigin = {
    modelName: checkpoint.name,
    family: checkpoint.family.id,
    predictionType,
    appVersion,
    runtime: `onnxruntime-node ${runtimeVersion}`,
    record: record.finish(task.threads),
    memory,
  }
  const pictureName = `${jobId}.png`
  const thumbnailName = `${jobId}.webp`
  await writeThumbnail(picture, join(stagingFolder, thumbnailName))
  const written = await writePicture(picture, join(stagingFolder, pictureName), {
    texts: parameterTexts(request, origin),
  })
  return { pictureName, thumbnailName, ...written, origin, durationMs }
}
