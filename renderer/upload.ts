import { Failure, StudioError } from '../main/contract/failure.ts'
import type { Api } from '../main/contract/calls.ts'
import { InputImage, type ImageId } from '../main/contract/image.ts'

/** Gives a picture file to the studio, which keeps it by content. */
export async function uploadPicture(picture: Blob): Promise<InputImage> {
  const response = await fetch('/input', {
    method: 'POST',
    headers: { 'content-type': picture.type === '' ? 'application/octet-stream' : picture.type },
    body: picture,
  })
  const answer: unknown = await response.json()
  if (response.ok) return InputImage.parse(answer)
  const failure = Failure.safeParse(answer)
  if (failure.success) throw new StudioError(failure.data.code, failure.data.message)
  throw new StudioError('internal', `The studio did not take the picture (status ${response.status}).`)
}

/** Has the studio keep a picture to work from; it is a file, or an id of the gallery. */
export function keepPicture(api: Api, picture: Blob | ImageId): Promise<InputImage> {
  return typeof picture === 'string' ? api['gallery.useAsInput'](picture) : uploadPicture(picture)
}
