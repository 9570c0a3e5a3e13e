import type { ClipTextConfig } from '../checkpoint/config.ts'
import { StudioError } from '../contract/failure.ts'

/** Layers of OpenCLIP's ViT-H and ViT-bigG by their width. */
const OPEN_CLIP_LAYERS: Readonly<Record<number, number>> = { 1024: 24, 1280: 32 }

/**
 * The layers of this encoder to leave out, plus one, for a clip skip counted from the end of the whole network, as
 * AUTOMATIC1111 counts: 1 is the last layer. Folders of Stable Diffusion 2 come without OpenCLIP's last layer, which no model
 * listens to; the count is the same there.
 * @throws StudioError invalid-request when there is no such layer
 */
export function clipSkipFor({ hiddenSize, layerCount, activation }: ClipTextConfig, clipSkip: number): number {
  const whole = activation === 'gelu' ? Math.max(layerCount, OPEN_CLIP_LAYERS[hiddenSize] ?? 0) : layerCount
  const gone = whole - layerCount
  if (clipSkip > gone && clipSkip <= whole) return clipSkip - gone
  throw new StudioError(
    'invalid-request',
    `expected a layer from ${gone + 1} to ${whole}, counted from the text encoder's end, found ${clipSkip}`,
    { field: 'clipSkip' },
  )
}
