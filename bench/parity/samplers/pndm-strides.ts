import type { PredictionType } from '../../../main/contract/generation.ts'
import { dataScaled, toDenoised } from '../../../main/diffusion/denoise.ts'
import type { PredictNow } from '../../../main/diffusion/denoise.ts'
import type { SamplingPlan } from '../../../main/diffusion/plan.ts'
import type { Denoise, Sample, SamplerOptions } from '../../../main/diffusion/sampler.ts'
import { lerp, scaled } from '../../../main/tensor/arithmetic.ts'
import type { Tensor } from '../../../main/tensor/tensor.ts'

interface PndmRun {
  readonly sample: Sample
  readonly isRungeKutta: boolean
  readonly plan: SamplingPlan
  readonly tableSigmas: readonly number[]
  readonly predict: PredictNow
  readonly options: SamplerOptions
}

/**
 * PNDM as diffusers walks timesteps that are not its stride apart (linspace): a step lands one stride below its timestep, the
 * first stage of a two- or four-call step half a stride or one below it, and the network is asked at the next timestep, as if
 * the latent were there. Each step is the sampler's own, from where the original thinks it stands to where it lands.
 * @param latent in the scale of the data
 * @yields the latent, in that scale, after every call of the network
 */
export async function* stridedPndm(run: PndmRun, latent: Tensor): AsyncGenerator<Tensor, void, void> {
  const { plan, tableSigmas } = run
  const stride = Math.floor(tableSigmas.length / plan.steps)
  const level = (t: number) => tableSigmas[t] ?? plan.sigmas.at(-1) ?? NaN
  let memory: readonly Tensor[] = []
  for (const [step, t] of plan.timesteps.entries()) {
    const next = plan.timesteps[step + 1] ?? t - stride
    const stage = run.isRungeKutta && step < 3 ? Math.floor(stride / 2) : !run.isRungeKutta && step === 0 ? stride : 0
    const sigma = level(stage === stride ? next + stride : t)
    const sigmaNext = level(stage > 0 ? next : t - stride)
    const stages: Tensor[] = []
    const denoise = staged(run, latent, stages, t, [t - stage, next + (stage === stride ? 0 : stage), next], level)
    const sigmas = plan.sigmas.map((own, k) => (k === step ? sigma : k === step + 1 ? sigmaNext : own))
    const options = { ...run.options, levelBetween: () => level(next + stage), from: { step, memory } }
    const { value } = await run.sample(denoise, scaled(latent, Math.hypot(1, sigma)), sigmas, options).next()
    if (!value) throw new Error(`expected step ${step + 1} of ${plan.steps}, found the end`)
    memory = value.memory
    latent = dataScaled(value.x, sigmaNext)
    yield* [...stages, latent]
  }
}

/** The network behind one step: told what the original tells it, and of the latent that the original has there. */
function staged(
  { predict, options }: PndmRun,
  latent: Tensor,
  stages: Tensor[],
  t: number,
  [landed, asked, next]: readonly [number, number, number],
  level: (t: number) => number,
): Denoise {
  const { predictionType = 'epsilon' } = options
  const outputs: Tensor[] = []
  return async (x, sigma) => {
    const [first] = outputs
    let seen = latent
    if (first) {
      seen = dataScaled(x, sigma)
      if (outputs.length === 1) seen = dataStep(latent, first, level(t), level(landed), predictionType)
      stages.push(seen)
    }
    const output = await predict(seen, [t, asked, asked, next][outputs.length] ?? NaN)
    outputs.push(output)
    return toDenoised(predictionType, output, x, sigma)
  }
}

/** From one level to another along an output of the network, in the scale of the data. */
function dataStep(latent: Tensor, output: Tensor, from: number, to: number, type: PredictionType): Tensor {
  const x = scaled(latent, Math.hypot(1, from))
  return dataScaled(lerp(x, toDenoised(type, output, x, from), to / from), to)
}
