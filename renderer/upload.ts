import { Failure, StudioError } from '../main/contract/failure.ts'
import { InputImage } from '../main/contract/image.ts'

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
