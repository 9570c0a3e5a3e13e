import { StudioError } from '../contract/failure.ts'
import type { GenerationRequest } from '../contract/generation.ts'
import { planSampling } from '../diffusion/plan.ts'
import type { SamplingPlan } from '../diffusion/plan.ts'
import type { LoadedModel } from './loaded-model.ts'

/** The levels of noise that a run of this request goes through. @throws StudioError invalid-request */
export function samplingPlan({ facts }: Pick<LoadedModel, 'facts'>, request: GenerationRequest): SamplingPlan {
  const { sampler, schedule, steps, init, sampling } = request
  return planSampling(facts.diffusion, {
    sampler,
    schedule,
    steps,
    strength: init?.strength ?? 1,
    rules: defined(sampling?.levels ?? {}),
  })
}

/** Of the picture's latent, [c, h, w]. @throws StudioError invalid-request, naming the field */
export function latentShape(
  { networks: { latent } }: Pick<LoadedModel, 'networks'>,
  { widthPx, heightPx }: GenerationRequest,
): number[] {
  const cells = (px: number, field: string) => {
    if (px % latent.factor !== 0) {
      throw new StudioError('invalid-request', `expected a multiple of ${latent.factor} pixels, found ${px}`, { field })
    }
    return px / latent.factor
  }
  return [latent.channels, cells(heightPx, 'heightPx'), cells(widthPx, 'widthPx')]
}

/** The object without its fields that are undefined. */
function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as ReturnType<
    typeof defined<T>
  >
}
