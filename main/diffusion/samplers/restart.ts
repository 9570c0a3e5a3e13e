import { weightedSum } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { Denoise, SamplerOptions, SamplerStep } from '../sampler.ts'
import { SIGMA_LIMIT } from '../level-rules.ts'
import { karras } from '../schedules/karras.ts'
import { trapezoidStep } from './heun.ts'
import { isNoiseAlone } from './noise-alone.ts'

/** From where to where the way is gone again: about from the first signs of shapes to the last of detail. */
const RESTART = [2, 0.1] as const

/**
 * Restart sampling: Heun's method that, once near the end, goes back up by fresh noise and down again, which undoes what
 * errors have piled up; two network calls a step. Xu et al. 2023 (arXiv 2306.14878), Algorithm 1, over the way from sigma 2 to
 * 0.1. From 20 steps on a part of them goes to restarts and the schedule is Karras's between its ends; below, it is Heun.
 */
export async function* restart(
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  { noise, from }: SamplerOptions,
): AsyncGenerator<SamplerStep, void, void> {
  const route = restartRoute(sigmas)
  for (const [step, [sigma, sigmaNext]] of route.entries()) {
    if (step < (from?.step ?? 0)) continue
    const [, reached = sigma] = route[step - 1] ?? []
    const added = Math.sqrt(Math.max(sigma ** 2 - reached ** 2, 0))
    if (added > 0) x = weightedSum([1, x], [added, noise(step)])
    const denoised = await denoise(x, sigma)
    x = await trapezoidStep(denoise, x, denoised, sigma, sigmaNext)
    yield { step: step + 1, sigma: sigmaNext, x, denoised, memory: [] }
  }
}

type Stretch = [sigma: number, sigmaNext: number]

/** Where each step starts and ends, as many as the schedule has; a start above the end before it is a restart. */
function restartRoute(sigmas: readonly number[]): Stretch[] {
  const count = sigmas.length - 1
  const [times, length] = count >= 36 ? [2, Math.floor(count / 4)] : [1, 9]
  const [highest = NaN, lowest = NaN, final = NaN] = [sigmas[0], sigmas[count - 1], sigmas[count]]
  const own = Math.max(count - times * length, 1)
  const levels = isNoiseAlone(highest)
    ? [highest, ...karras()(own - 1, lowest, SIGMA_LIMIT)]
    : karras()(own, lowest, highest)
  const [top, bottom] = [nearest(levels, RESTART[0]), nearest(levels, RESTART[1])]
  if (count < 20 || top >= bottom) return stretches(sigmas)
  const again = stretches(karras()(length + 1, levels[bottom] ?? lowest, levels[top] ?? highest))
  return [
    ...stretches(levels.slice(0, bottom + 1)),
    ...new Array<Stretch[]>(times).fill(again).flat(),
    ...stretches([...levels.slice(bottom), final]),
  ]
}

function stretches(sigmas: readonly number[]): Stretch[] {
  return sigmas.slice(1).map((sigmaNext, step) => [sigmas[step] ?? NaN, sigmaNext])
}

/** The index of the level closest to `sigma`. */
function nearest(levels: readonly number[], sigma: number): number {
  const distances = levels.map((level) => Math.abs(level - sigma))
  return distances.indexOf(Math.min(...distances))
}
