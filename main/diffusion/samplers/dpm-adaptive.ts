import { StudioError } from '../../contract/failure.ts'
import { weightedSum } from '../../tensor/arithmetic.ts'
import { tensor } from '../../tensor/tensor.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { Denoise, SamplerOptions, SamplerStep } from '../sampler.ts'
import { ancestralStep } from './ancestral-step.ts'
import { firstOrder, secondOrder, stageAt, thirdOrder } from './dpm-solver-step.ts'
import type { Stage } from './dpm-solver-step.ts'

export interface AdaptiveOptions extends SamplerOptions {
  readonly order?: 2 | 3
  /** What the two solutions of a stride may differ by: the larger of an absolute error and a share of the latent. */
  readonly tolerance?: { readonly absolute: number; readonly relative: number }
}

/**
 * From levels above those of Stable Diffusion, where its two solutions agree on anything, a stride would grow until it
 * jumps over all of the picture; no stride of such a run is longer than this, in log sigma.
 */
const LONGEST = 2.2
const USUAL_HIGHEST = 15

/** A stride is kept when the next one need not be much shorter than it. */
const ACCEPTED = 0.81

/**
 * DPM-Solver-12 and -23: strides in log sigma as long as their error allows. Lu et al. 2022 (arXiv 2206.00927), appendix C, with
 * the step size control and tolerances of k-diffusion. Of the schedule it takes the ends, and the count of steps to tell
 * how far it has come. `eta` defaults to 0.
 * @throws StudioError invalid-request for a batch: each picture has strides of its own
 */
export async function* dpmAdaptive(
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  { noise, from, eta = 0, order = 3, tolerance = { absolute: 0.0078, relative: 0.05 } }: AdaptiveOptions,
): AsyncGenerator<SamplerStep, void, void> {
  if (x.shape[0] !== 1) throw new StudioError('invalid-request', `expected one picture, found ${x.shape[0] ?? 0}`)
  const { highest, lowest, isClean, stepAt } = way(sigmas)
  if (from?.step === sigmas.length - 1) return
  // in float32, as a stored state is
  let { sigma, h, draw, low } = paceOf(from?.memory) ?? { sigma: highest, h: 0.05, draw: 0, low: x }
  let denoised: Tensor | null = null
  while (sigma > lowest * (1 + 1e-5)) {
    denoised ??= await denoise(x, sigma)
    const sigmaNext = Math.max(lowest, sigma * Math.exp(-h))
    const sigmaDown = Math.max(ancestralStep(sigma, sigmaNext, eta).sigmaDown, lowest)
    const [nextLow, nextHigh] = await solutions(denoise, { x, sigma, denoised }, sigmaDown, order)
    const error = relativeError(nextLow, nextHigh, low, tolerance)
    const factor = 1 + Math.atan((error + 1e-8) ** (-1 / (eta > 0 ? 1.5 : order)) - 1)
    h = Math.fround(Math.min(h * factor, highest > USUAL_HIGHEST ? LONGEST : Infinity))
    if (factor < ACCEPTED) continue
    const added = Math.sqrt(sigmaNext ** 2 - sigmaDown ** 2)
    x = added > 0 ? weightedSum([1, nextHigh], [added, noise(draw, [sigma, sigmaNext])]) : nextHigh
    ;[sigma, low, draw] = [Math.fround(sigmaNext), nextLow, draw + 1]
    yield { step: stepAt(sigma), sigma, x, denoised, memory: [tensor([3], Float32Array.of(sigma, h, draw)), low] }
    denoised = null
  }
  if (isClean) {
    denoised = await denoise(x, sigma)
    yield { step: sigmas.length - 1, sigma: 0, x: denoised, denoised, memory: [] }
  }
}

/** The ends of a schedule, and the steps that stand for how far down a level is; all of them only at the end. */
function way(sigmas: readonly number[]) {
  const count = sigmas.length - 1
  const isClean = sigmas[count] === 0
  const [highest = NaN] = sigmas
  const lowest = sigmas[isClean ? count - 1 : count] ?? NaN
  const stepAt = (sigma: number) => {
    const share = Math.log(highest / sigma) / Math.log(highest / lowest)
    return !isClean && sigma <= lowest * (1 + 1e-5) ? count : Math.min(Math.floor(share * count), count - 1)
  }
  return { highest, lowest, isClean, stepAt }
}

function paceOf([pace, low]: readonly Tensor[] = []) {
  const [sigma, h, draw] = pace?.data ?? []
  return sigma === undefined || h === undefined || draw === undefined || !low ? null : { sigma, h, draw, low }
}

/** The same stride at one order less, and at the full one. */
async function solutions(denoise: Denoise, start: Stage, sigmaNext: number, order: 2 | 3): Promise<[Tensor, Tensor]> {
  const middle = await stageAt(denoise, start, sigmaNext, 1 / order)
  const second = secondOrder(start, middle, sigmaNext)
  if (order === 2) return [firstOrder(start, sigmaNext), second]
  return [second, await thirdOrder(denoise, start, middle, sigmaNext)]
}

/** Root mean square of the solutions' difference, in tolerances. @throws StudioError internal when a network gives no numbers */
function relativeError(
  low: Tensor,
  high: Tensor,
  before: Tensor,
  { absolute, relative }: Required<AdaptiveOptions>['tolerance'],
): number {
  const sum = low.data.reduce((total, value, i) => {
    const allowed = Math.max(absolute, relative * Math.max(Math.abs(value), Math.abs(before.data[i] ?? NaN)))
    return total + ((value - (high.data[i] ?? NaN)) / allowed) ** 2
  }, 0)
  const error = Math.sqrt(sum / low.data.length)
  if (Number.isNaN(error)) throw new StudioError('internal', 'expected numbers from the network, found NaN')
  return error
}
