import { scaled } from '../../tensor/arithmetic.ts'
import { gaussianNoise } from '../../tensor/noise.ts'
import { tensor } from '../../tensor/tensor.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { Denoise, NoiseSource, Sampler, SamplerOptions } from '../sampler.ts'

// What the tests of samplers run on: data of which everything is known.

/** Normal data of this deviation; its ideal denoiser is known, and the path to it is x ∝ sqrt(s^2 + sigma^2). */
export const S = 0.6
export const ideal: Denoise = (x, sigma) => Promise.resolve(scaled(x, S ** 2 / (S ** 2 + sigma ** 2)))
/** Gives the end of the path at once. */
export const consistent: Denoise = (x, sigma) => Promise.resolve(scaled(x, S / Math.hypot(S, sigma)))
/** Gives what leads straight to the path's point at the level that TCD steps down to, 0.7 of the next one. */
export const alongTrajectory =
  (sigmas: readonly number[]): Denoise =>
  (x, sigma) => {
    const next = sigmas[sigmas.indexOf(sigma) + 1] ?? NaN
    const reached = next === sigmas.at(-1) ? next : 0.7 * next
    const kept = reached / sigma
    return Promise.resolve(scaled(x, (Math.hypot(S, reached) / Math.hypot(S, sigma) - kept) / (1 - kept)))
  }
export const noNoise: SamplerOptions = {
  noise: () => {
    throw new Error('expected a deterministic sampler to draw no noise')
  },
}

/** The end of a run. */
export async function endOf(
  { sample }: Sampler,
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  options: SamplerOptions,
): Promise<Tensor> {
  for await (const step of sample(denoise, x, sigmas, options)) x = step.x
  return x
}

export const point = (value: number): Tensor => tensor([1, 1, 1, 1], Float32Array.of(value))
export const seeded =
  (shape: readonly number[]): NoiseSource =>
  (draw) =>
    gaussianNoise(9, draw + 1, shape)
export const deviation = ({ data }: Tensor): number =>
  Math.sqrt(data.reduce((sum, value) => sum + value ** 2, 0) / data.length)
