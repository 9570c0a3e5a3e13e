import { StudioError } from '../contract/failure.ts'
import type { InitImage, Mask as MaskUse } from '../contract/generation.ts'
import type { GenerationTask } from '../contract/studio.ts'
import { fittedMask, overlaid, paddedRegion, readMask, repaintedRegion, softened } from '../image/mask.ts'
import type { Mask } from '../image/mask.ts'
import { pictureTensor, readPicture, resizedPicture } from '../image/picture.ts'
import type { FitTarget, Region, Size } from '../image/picture.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { inputPath } from './task-paths.ts'

/** An input picture at the requested size. */
export interface InputPicture {
  /** [1, 3, h, w] in -1 to 1 */
  readonly picture: Tensor
  /** Of the same size; null where all may change. */
  readonly mask: Mask | null
  /** What was made of it, [1, 3, h, w], where it belongs: what the mask keeps is the input picture, pixel by pixel. */
  finish(made: Tensor): Promise<Tensor>
}

/** @throws StudioError not-found, invalid-request naming the field */
export async function readInput(task: GenerationTask, init: InitImage): Promise<InputPicture> {
  const { widthPx, heightPx } = task.request
  const path = inputPath(task, init.id)
  const target: FitTarget = { widthPx, heightPx, fit: init.fit }
  if (!init.mask) {
    return { picture: await pictureTensor(path, target), mask: null, finish: (made) => Promise.resolve(made) }
  }
  const whole = await readMask(inputPath(task, init.mask.id), await readPicture(path))
  const { paddingPx } = init.mask
  return paddingPx === null
    ? wholePicture(path, whole, init.mask, target)
    : area(path, whole, init.mask, target, paddingPx)
}

/** A part of a picture, and the size of all of it. */
export interface PicturePart {
  readonly region: Region
  readonly whole: Size
}

/** The part of the input picture that is made; null where all of it is. @throws StudioError not-found, invalid-request */
export async function madePart(task: GenerationTask): Promise<PicturePart | null> {
  const { init, widthPx, heightPx } = task.request
  if (!init?.mask || init.mask.paddingPx === null) return null
  const whole = await readMask(inputPath(task, init.mask.id), await readPicture(inputPath(task, init.id)))
  return { region: regionAround(whole, init.mask.paddingPx, { widthPx, heightPx }), whole }
}

function regionAround(mask: Mask, paddingPx: number, target: Size): Region {
  return paddedRegion(requireRepaint(mask), paddingPx, target, mask)
}

/** The picture brought to the requested size, and what is made of it in its place. */
async function wholePicture(path: string, whole: Mask, { blurPx }: MaskUse, target: FitTarget): Promise<InputPicture> {
  const picture = await pictureTensor(path, target)
  const mask = await fittedMask(whole, target)
  requireRepaint(mask)
  const soft = await softened(mask, blurPx)
  return { picture, mask, finish: (made) => Promise.resolve(overlaid(made, picture, soft)) }
}

/** The part around the mask brought to the requested size; what is made of it goes back into the picture as it was. */
async function area(
  path: string,
  whole: Mask,
  { blurPx }: MaskUse,
  { widthPx, heightPx }: FitTarget,
  paddingPx: number,
): Promise<InputPicture> {
  const region = regionAround(whole, paddingPx, { widthPx, heightPx })
  const target: FitTarget = { widthPx, heightPx, fit: 'stretch', region }
  return {
    picture: await pictureTensor(path, target),
    mask: await fittedMask(whole, target),
    async finish(made) {
      const original = await pictureTensor(path, { widthPx: whole.widthPx, heightPx: whole.heightPx, fit: 'stretch' })
      return overlaid(await resizedPicture(made, region), original, await softened(whole, blurPx), region)
    },
  }
}

function requireRepaint(mask: Mask) {
  const region = repaintedRegion(mask)
  if (region) return region
  throw new StudioError(
    'invalid-request',
    'expected a mask that is white where to repaint, found none of it in the picture',
    {
      field: 'init.mask',
    },
  )
}
