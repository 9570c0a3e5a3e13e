import { StudioError } from '../main/contract/failure.ts'
import type { GenerationRequest, InputId } from '../main/contract/generation.ts'
import type { ImageRecord } from '../main/contract/image.ts'
import type { JobId } from '../main/contract/job.ts'
import { namedInputs, namedParts } from '../main/contract/named.ts'
import type { Settings } from '../main/contract/settings.ts'
import type { PartSummary } from '../main/contract/part.ts'
import type { GenerationTask } from '../main/contract/studio.ts'
import type { Gallery } from '../main/gallery/gallery.ts'
import type { Library } from '../main/library/library.ts'
import type { RunStates } from './run-states.ts'
import type { RunListeners, StudioHost } from './studio-host.ts'
import { requireModel, requirePart } from './validate.ts'

export interface MakerParts {
  readonly host: StudioHost
  readonly library: Library
  readonly gallery: Gallery
  readonly settings: () => Settings
  /** Lets a job that was broken off go on where it was, if it is given. */
  readonly states?: RunStates
}

/** Makes a request's picture and takes it into the gallery. */
export type MakePicture = (jobId: JobId, request: GenerationRequest, listeners: MakeListeners) => Promise<ImageRecord>

export interface MakeListeners extends RunListeners {
  /** Told what of the request was not as asked. */
  readonly onNote?: (note: string) => void
}

/** What the queue and the command line run: a request with its model and input found, given to the studio process. */
export function createMaker({ host, library, gallery, settings, states }: MakerParts): MakePicture {
  return async (jobId, request, listeners) => {
    // They may have gone since the request was made: jobs wait, and survive restarts.
    const files = filesOf(request, library, (id) => gallery.inputPath(id))
    const stagingFolder = gallery.stagingFolder(jobId)
    const kept = states === undefined ? {} : { statePath: states.path(jobId) }
    const task = { jobId, request, ...files, stagingFolder, ...kept, ...runSettings(settings()) }
    try {
      const result = await host.run(task, listeners)
      const made = gallery.adopt(result, stagingFolder, request)
      for (const note of result.notes ?? []) listeners.onNote?.(note)
      states?.forget(jobId)
      return made
    } catch (error) {
      // A run that nobody cancelled, and that was broken off, goes on at the next start.
      const goesOn = error instanceof StudioError && error.code === 'cancelled' && !listeners.signal.aborted
      if (!goesOn) states?.forget(jobId)
      // A finished picture for which the disk had no room stays where it is and is taken in at the next start.
      if (!(error instanceof StudioError && error.code === 'disk-full')) gallery.clearStaging(stagingFolder)
      throw error
    }
  }
}

/**
 * Where everything lies that a request names.
 * @throws StudioError model-missing, and whatever `inputPath` throws
 */
export function filesOf(
  request: GenerationRequest,
  library: Library,
  inputPath: (id: InputId) => string,
): Pick<GenerationTask, 'modelPath' | 'inputPaths' | 'partPaths' | 'embeddings' | 'imageEncoders'> {
  const parts = namedParts(request).map((part) => [part.id, requirePart(library, part).path] as const)
  const { refiner } = request
  if (refiner) parts.push([refiner.model, requireModel(library, refiner.model, 'refiner.model').path])
  const usable = library.parts().filter(({ problem }) => problem === null)
  const { imagePrompts = [] } = request
  const encoders = usable.filter(({ kind }) => kind === 'image-encoder').map(({ path }) => path)
  return {
    modelPath: requireModel(library, request.model).path,
    inputPaths: Object.fromEntries(namedInputs(request).map((id) => [id, inputPath(id)])),
    partPaths: Object.fromEntries(parts),
    embeddings: usable.filter(({ kind }) => kind === 'embedding').flatMap(calledBy),
    ...(imagePrompts.length === 0 ? {} : { imageEncoders: encoders }),
  }
}

/** An embedding's names in a prompt: its file's, and the word in the file, which stands in angle brackets. */
function calledBy({ name, path, triggerWords }: PartSummary): GenerationTask['embeddings'] {
  const words = triggerWords.filter((word) => /^<[^<>]+>$/.test(word))
  return [name, ...words].map((called) => ({ name: called, path }))
}

/** The part of the settings that a run goes by. */
export function runSettings({
  threads,
  showPreviews,
  batchGuidance,
  memoryUse,
}: Settings): Pick<Settings, 'threads' | 'showPreviews' | 'batchGuidance' | 'memoryUse'> {
  return { threads, showPreviews, batchGuidance, memoryUse }
}
