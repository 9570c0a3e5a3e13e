import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { readPicture } from './picture.ts'
import { openPicture, unreadable } from './picture-source.ts'
import type { PictureSource } from './picture-source.ts'

/** Mean and deviation of red, green and blue in the pictures CLIP was trained on, from 0 to 1. */
const MEAN = [0.48145466, 0.4578275, 0.40821073] as const
const DEVIATION = [0.26862954, 0.26130258, 0.27577711] as const

/**
 * A picture as CLIP's image encoder sees it: the shorter edge brought to `sizePx` (bicubic, each pixel over all it covers),
 * the middle cut out, each colour normalised: [1, 3, sizePx, sizePx]. As transformers' CLIPImageProcessor.
 * @throws StudioError invalid-request for a file that is no picture, damaged or too large; not-found
 */
export async function clipPicture(source: PictureSource, sizePx: number): Promise<Tensor> {
  const { widthPx, heightPx } = await readPicture(source)
  const shorter = Math.min(widthPx, heightPx)
  const [width, height] = [widthPx, heightPx].map((px) => Math.floor((px * sizePx) / shorter)) as [number, number]
  const pixels = await openPicture(source)
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .resize({ width, height, fit: 'fill', kernel: 'cubic', fastShrinkOnLoad: false })
    .extract({
      left: Math.floor((width - sizePx) / 2),
      top: Math.floor((height - sizePx) / 2),
      width: sizePx,
      height: sizePx,
    })
    .raw()
    .toBuffer()
    .catch((cause: unknown) => {
      throw unreadable(source, cause)
    })
  const picture = tensor([1, 3, sizePx, sizePx])
  const cells = sizePx ** 2
  for (let i = 0; i < picture.data.length; i++) {
    const channel = Math.floor(i / cells)
    const value = (pixels[3 * (i % cells) + channel] ?? 0) / 255
    picture.data[i] = (value - (MEAN[channel] ?? 0)) / (DEVIATION[channel] ?? 1)
  }
  return picture
}
