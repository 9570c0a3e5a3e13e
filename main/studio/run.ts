import type { GenerationTask } from '../contract/studio.ts'
import type { SamplingPlan } from '../diffusion/plan.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { GenerateContext } from './generate-context.ts'
import type { Guides } from './guides.ts'
import type { LoadedModel } from './loaded-model.ts'
import { pause } from './pause.ts'
import type { ProgressReport } from './progress-report.ts'
import { promptedNetwork } from './prompted.ts'
import { relayTo } from './refine.ts'
import type { RunRecord } from './run-record.ts'
import { sampledLatent } from './sampled-latent.ts'
import { startOf } from './start-latent.ts'
import type { Start } from './start-latent.ts'

/** A run whose networks are open. */
export interface Run {
  readonly model: LoadedModel
  readonly refiner: LoadedModel | null
  readonly task: GenerationTask
  readonly plan: SamplingPlan
  /** Of the latent, [c, h, w]. */
  readonly shape: readonly number[]
  readonly guides: Guides | null
  readonly context: GenerateContext
  readonly progress: ProgressReport
  readonly record: RunRecord
}

/**
 * Encodes what a run is given and goes through its steps: the latent at their end, and what its picture becomes.
 * @throws StudioError invalid-request, not-found, cancelled
 */
export async function latentOf(run: Run): Promise<{ latent: Tensor; start: Start }> {
  const { model, refiner, task, plan, guides, context, progress, record } = run
  progress.report('encoding')
  const start = await startOf(model, task)
  const onTokens = (ids: readonly number[]) => {
    record.add('tokens', Int32Array.from(ids))
  }
  const told = { steps: plan.steps, channels: start.channels, guides, onTokens }
  const predict = await promptedNetwork(model, task, told)
  await model.closeEncoding()
  await pause(context.signal)

  const share = task.request.refiner?.start
  const relay =
    refiner && share !== undefined ? relayTo(refiner, share, { base: model, task, plan, start, onTokens }) : null
  const latent = await sampledLatent({ ...run, predict, start, relay })
  await refiner?.closeDenoising()
  return { latent, start }
}
