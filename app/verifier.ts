import { StudioError } from '../main/contract/failure.ts'
import type { ImageId } from '../main/contract/image.ts'
import type { Verification } from '../main/contract/verification.ts'
import type { Gallery } from '../main/gallery/gallery.ts'
import type { JobQueue } from '../main/queue/queue.ts'
import type { ModelParts } from './parts.ts'
import { verifyPicture } from './verify.ts'

/** Makes pictures of the gallery again, one at a time, while nothing else is made. */
export interface Verifier {
  /** @throws StudioError invalid-request while a picture is made or verified, not-found, model-missing, cancelled */
  verify(id: ImageId): Promise<Verification>
  /** Ends the verification under way, if there is one. */
  cancel(): void
}

/** The window's way to verify, over the same studio process as the queue. */
export function createVerifier(
  models: Pick<ModelParts, 'host' | 'library' | 'settings' | 'firstScan'>,
  gallery: Gallery,
  queue: JobQueue,
): Verifier {
  let current: AbortController | null = null
  return {
    async verify(id) {
      if (current !== null) throw busy('Another picture is being verified')
      if (queue.list().some(({ state }) => state === 'running')) throw busy('A picture is being made')
      const controller = new AbortController()
      current = controller
      try {
        return await verifyPicture(await gallery.filePath(id, 'full'), models, {
          inputPath: (input) => gallery.inputPath(input),
          listeners: { signal: controller.signal, onProgress: () => undefined, onPreview: () => undefined },
        })
      } finally {
        current = null
      }
    },
    cancel() {
      current?.abort()
    },
  }
}

function busy(what: string): StudioError {
  return new StudioError('invalid-request', `${what}; verify this one when that is done`)
}
