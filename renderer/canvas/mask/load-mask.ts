import { StudioError } from '../../../main/contract/failure.ts'
import type { ImageId } from '../../../main/contract/image.ts'
import { pictureUrl } from '../../api.ts'
import type { Studio } from '../../state/studio.svelte.ts'

/** Takes a picture's light parts as the mask: a file, or one of the gallery. */
export async function loadMask(studio: Studio, picture: Blob | ImageId): Promise<void> {
  await studio.attempt(async () => {
    const file = typeof picture === 'string' ? await (await fetch(pictureUrl(picture))).blob() : picture
    const bitmap = await createImageBitmap(file).catch((error: unknown) => {
      throw new StudioError('invalid-request', 'expected a picture to take the mask from, found another kind of file', {
        cause: error,
      })
    })
    studio.mask.load(bitmap)
    bitmap.close()
  })
}
