import { LIMITS } from '../../../main/contract/generation.ts'

interface Aspect {
  readonly name: string
  readonly width: number
  readonly height: number
}

/** Shapes on offer, from tall to wide. */
export const ASPECTS: readonly Aspect[] = [
  { name: 'Tall 9:16', width: 9, height: 16 },
  { name: 'Portrait 3:4', width: 3, height: 4 },
  { name: 'Square', width: 1, height: 1 },
  { name: 'Landscape 4:3', width: 4, height: 3 },
  { name: 'Wide 16:9', width: 16, height: 9 },
]

export interface SizePx {
  readonly widthPx: number
  readonly heightPx: number
}

/** The size of a shape with about as many pixels as `like`, on the grid that a request takes. */
export function sizeOf(aspect: { width: number; height: number }, like: SizePx): SizePx {
  const areaPx = like.widthPx * like.heightPx
  const ratio = aspect.width / aspect.height
  return { widthPx: onGrid(Math.sqrt(areaPx * ratio)), heightPx: onGrid(Math.sqrt(areaPx / ratio)) }
}

/** The nearest number of pixels that a side may have. */
export function onGrid(px: number): number {
  const { min, max, multiple } = LIMITS.sizePx
  return Math.min(max, Math.max(min, Math.round(px / multiple) * multiple))
}
