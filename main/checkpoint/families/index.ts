import type { ModelFamily } from './family.ts'
import { sd1 } from './sd1.ts'
import { sd2 } from './sd2.ts'
import { sdxlRefiner } from './sdxl-refiner.ts'
import { sdxl } from './sdxl.ts'

/** Every family that runs; the first that recognises a model has it. */
export const FAMILIES: readonly ModelFamily[] = [sd1, sd2, sdxl, sdxlRefiner]
