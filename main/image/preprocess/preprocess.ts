import type { Preprocessor } from '../../contract/generation.ts'
import type { Pixels } from '../pixels.ts'
import { canny } from './canny.ts'
import { scribble } from './scribble.ts'

/** Draws from a picture what a ControlNet was trained on. */
type Draw = (picture: Pixels) => Pixels

const PREPROCESSORS = {
  none: (picture) => picture,
  canny: (picture) => canny(picture),
  scribble,
  invert: ({ data, ...size }) => ({ ...size, data: data.map((value) => 255 - value) }),
} satisfies Record<Preprocessor, Draw>

/** What a preprocessor makes of a picture, in its size. */
export function preprocess(kind: Preprocessor, picture: Pixels): Pixels {
  return PREPROCESSORS[kind](picture)
}
