import { StudioError } from '../contract/failure.ts'
import type { GenerationTask } from '../contract/studio.ts'
import type { SamplingPlan } from '../diffusion/plan.ts'
import type { Relay } from '../diffusion/relay.ts'
import type { LoadedModel } from './loaded-model.ts'
import { promptedNetwork } from './prompted.ts'
import { planMemory } from './run-memory.ts'
import type { Start } from './start-latent.ts'

/** The run that a refiner takes over. */
export interface RefinedRun {
  readonly base: LoadedModel
  readonly task: GenerationTask
  readonly plan: SamplingPlan
  readonly start: Start
  /** Told what the refiner's text encoders are given. */
  readonly onTokens: (ids: readonly number[]) => void
}

/**
 * The second leg of a run, whose share of the steps the request says. The refiner has the prompts, encoded by its own text
 * encoders, and nothing else that the request joins to the first model, whose networks are closed before its own are opened.
 */
export function relayTo(refiner: LoadedModel, share: number, { base, task, plan, start, onTokens }: RefinedRun): Relay {
  return {
    step: Math.round(share * plan.steps),
    async next() {
      await base.closeDenoising()
      const { networks, heldBytes } = refiner
      await refiner.keepTo(planMemory(networks, { ...task, hasInput: false, heldBytes }))
      const channels = refiner.networks.input === 'none' ? null : start.channels
      return {
        predict: await promptedNetwork(refiner, task, { steps: plan.steps, channels, guides: null, onTokens }),
        predictionType: await refiner.predictionType(),
      }
    },
  }
}

/**
 * A refiner goes on with the base's latents, and takes no picture that the base does not.
 * @throws StudioError invalid-request naming the field
 */
export function requireSameLatents(refiner: LoadedModel, base: LoadedModel): void {
  const { latent, input } = refiner.networks
  const own = base.networks.latent
  const isSame = latent.channels === own.channels && latent.scalingFactor === own.scalingFactor
  if (isSame && (input === 'none' || input === base.networks.input)) return
  const found = isSame ? `one that takes a picture (${input})` : 'one of another kind of latents'
  throw new StudioError(
    'invalid-request',
    `expected a refiner for ${base.facts.name}, found ${refiner.facts.name}, ${found}`,
    {
      field: 'refiner.model',
    },
  )
}
