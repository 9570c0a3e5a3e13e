import { StudioError } from '../main/contract/failure.ts'
import type { GenerationRequest } from '../main/contract/generation.ts'
import type { ImageRecord } from '../main/contract/image.ts'
import type { JobId } from '../main/contract/job.ts'
import type { Settings } from '../main/contract/settings.ts'
import type { Gallery } from '../main/gallery/gallery.ts'
import type { Library } from '../main/library/library.ts'
import type { RunListeners, StudioHost } from './studio-host.ts'
import { requireModel } from './validate.ts'

export interface MakerParts {
  readonly host: StudioHost
  readonly library: Library
  readonly gallery: Gallery
  readonly settings: () => Settings
}

/** Makes a request's picture and takes it into the gallery. */
export type MakePicture = (jobId: JobId, request: GenerationRequest, listeners: RunListeners) => Promise<ImageRecord>

/** What the queue and the command line run: a request with its model and input found, given to the studio process. */
export function createMaker({ host, library, gallery, settings }: MakerParts): MakePicture {
  return async (jobId, request, listeners) => {
    // Both may have gone since the request was made: jobs wait, and survive restarts.
    const { path: modelPath } = requireModel(library, request.model)
    const initPath = request.init === null ? null : gallery.inputPath(request.init.id)
    const stagingFolder = gallery.stagingFolder(jobId)
    const task = { jobId, request, modelPath, initPath, stagingFolder, ...runSettings(settings()) }
    try {
      return gallery.adopt(await host.run(task, listeners), stagingFolder, request)
    } catch (error) {
      // A finished picture for which the disk had no room stays where it is and is taken in at the next start.
      if (!(error instanceof StudioError && error.code === 'disk-full')) gallery.clearStaging(stagingFolder)
      throw error
    }
  }
}

/** The part of the settings that a run goes by. */
export function runSettings({
  threads,
  showPreviews,
  batchGuidance,
}: Settings): Pick<Settings, 'threads' | 'showPreviews' | 'batchGuidance'> {
  return { threads, showPreviews, batchGuidance }
}
