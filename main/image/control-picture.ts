import type { Preprocessor } from '../contract/generation.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { pictureTensor, previewDataUrl } from './picture.ts'
import type { FitTarget } from './picture.ts'
import type { PictureSource } from './picture-source.ts'
import { fromPixels, toPixels } from './pixels.ts'
import { preprocess } from './preprocess/preprocess.ts'

export interface ControlPictureOptions extends FitTarget {
  readonly preprocessor: Preprocessor
}

const PREVIEW_EDGE_PX = 512

/**
 * What a ControlNet is shown of a picture: [1, 3, heightPx, widthPx] in 0 to 1, drawn at the size asked for.
 * @throws StudioError invalid-request for a file that is no picture, damaged or too large; not-found
 */
export async function controlPicture(source: PictureSource, options: ControlPictureOptions): Promise<Tensor> {
  const { shape, data } = await drawn(source, options)
  return tensor(
    shape,
    data.map((value) => (value + 1) / 2),
  )
}

/** The same as a PNG data URL, made smaller to at most 512 px on the long edge and drawn in that size. @throws as `controlPicture` */
export async function controlPreview(source: PictureSource, options: ControlPictureOptions): Promise<string> {
  const scale = Math.min(1, PREVIEW_EDGE_PX / Math.max(options.widthPx, options.heightPx))
  const smaller = (px: number) => Math.max(1, Math.round(px * scale))
  const size = { widthPx: smaller(options.widthPx), heightPx: smaller(options.heightPx) }
  return previewDataUrl(await drawn(source, { ...options, ...size }))
}

async function drawn(source: PictureSource, { preprocessor, ...size }: ControlPictureOptions): Promise<Tensor> {
  const { data, widthPx, heightPx } = preprocess(preprocessor, toPixels(await pictureTensor(source, size)))
  return fromPixels(new Uint8Array(data.buffer), widthPx, heightPx)
}
