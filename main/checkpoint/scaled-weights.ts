import { StudioError } from '../contract/failure.ts'
import type { TensorIndex } from './tensor-index.ts'

/** ComfyUI's names, earlier and now, for the factor of a layer whose weight is stored in 8 or fewer bits. */
const FACTOR = /\.(?:scale_weight|weight_scale)$/

/**
 * Refuses files whose weights are not the values themselves: read as they are, they would make noise without a word.
 * @throws StudioError checkpoint-unsupported
 */
export function refuseScaledWeights({ file, entries }: Pick<TensorIndex, 'file' | 'entries'>): void {
  const factor = [...entries.keys()].find((name) => FACTOR.test(name))
  if (factor === undefined) return
  const found = `found ones that are scaled by factors beside them (${factor}), which are not run`
  throw new StudioError('checkpoint-unsupported', `${file}: expected plain weights, ${found}`)
}
