import { performance } from 'node:perf_hooks'
import { StudioError } from '../contract/failure.ts'
import type { GenerationRequest } from '../contract/generation.ts'
import type { GenerationTask } from '../contract/studio.ts'
import type { Predict } from '../diffusion/denoise.ts'
import type { LoopOptions } from '../diffusion/loop.ts'
import { seededNoise } from '../diffusion/noise-source.ts'
import type { NoiseVariation } from '../diffusion/noise-source.ts'
import type { SamplingPlan } from '../diffusion/plan.ts'
import { relayed } from '../diffusion/relay.ts'
import type { Relay } from '../diffusion/relay.ts'
import { runtimeVersion } from '../runtime/network.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { StepClock } from './estimate.ts'
import type { GenerateContext } from './generate-context.ts'
import type { LoadedModel } from './loaded-model.ts'
import { pause } from './pause.ts'
import { previewsOf } from './previews.ts'
import type { ProgressReport } from './progress-report.ts'
import type { RunRecord } from './run-record.ts'
import { RunState } from './run-state.ts'
import type { Start } from './start-latent.ts'
import { partsWrittenAt } from './task-paths.ts'

export interface SamplingRun {
  readonly model: LoadedModel
  readonly plan: SamplingPlan
  readonly predict: Predict
  /** [c, h, w] */
  readonly shape: readonly number[]
  readonly start: Start
  /** A second model that takes over. */
  readonly relay: Relay | null
  readonly task: GenerationTask
  readonly context: GenerateContext
  readonly progress: ProgressReport
  readonly record: RunRecord
}

/**
 * The latent at the end of the plan, [1, c, h, w], with progress, previews and a way back after every step: a run of the
 * same task that was killed is gone on with.
 * @throws StudioError cancelled
 */
export async function sampledLatent(run: SamplingRun): Promise<Tensor> {
  const { model, plan, predict, start, task, context, progress, record } = run
  const { request } = task
  const drawPreview = task.showPreviews ? await previewsOf(model) : null
  const kept = task.statePath === undefined ? null : new RunState(task.statePath, await identity(run))
  const found = (await kept?.read()) ?? null
  const resume = found?.state ?? null
  if (found) record.remember('firstStep', found.firstStep)
  if (resume) context.logger.info(`${task.jobId} goes on after step ${resume.step} of ${plan.steps}`)
  const noise = seededNoise([request.seed], run.shape, noiseVariation(request, model.latentFactor))
  record.add('noise', noise(0).data)
  record.add('schedule', Float64Array.from([...plan.sigmas, ...plan.timesteps]))
  const clock = new StepClock(performance.now())
  progress.report('denoising', { step: resume?.step ?? 0 })
  let latent: Tensor | null = null
  const options: LoopOptions = {
    sampler: request.sampler,
    plan,
    predict,
    predictionType: request.predictionType ?? (await model.predictionType()),
    noise,
    ...samplerOptions(request),
    ...startOptions(start),
    ...(resume === null ? {} : { resume }),
  }
  for await (const { step, denoised, latent: reached, state } of relayed(options, run.relay)) {
    latent = reached
    clock.tick(performance.now())
    if (step === 1) record.add('firstStep', reached.data)
    // The last step is made again, for its record is the result.
    if (step < plan.steps) await kept?.keep(state, record.digest('firstStep') ?? '', performance.now())
    progress.report('denoising', { step, secondsLeft: clock.secondsFor(plan.steps - step) })
    await pause(context.signal)
    if (drawPreview) context.onPreview(step, await drawPreview(denoised))
  }
  if (!latent) {
    throw new StudioError('invalid-request', `expected at least one step, found ${plan.steps}`, { field: 'steps' })
  }
  record.add('lastStep', latent.data)
  return latent
}

/** All that decides the numbers of a run's steps. */
async function identity({ model, plan, task, shape }: SamplingRun): Promise<unknown> {
  const { request, batchGuidance } = task
  const { writtenAt } = model
  const { sigmas, timesteps } = plan
  const computing = { batchGuidance, memory: model.memory.use, runtimeVersion }
  const files = { model: { path: model.facts.path, writtenAt }, parts: await partsWrittenAt(task) }
  return { request, files, sigmas, timesteps, shape, ...computing }
}

/** The picture that is gone out from, and what of it is kept. */
function startOptions({ clean, mask, isFilledWithNoise }: Start) {
  return { ...(clean === null ? {} : { clean }), ...(mask === null ? {} : { mask, isFilledWithNoise }) }
}

/** What the request asks of the sampler beyond its own way. */
function samplerOptions({ sampling: { eta, noiseScale, churn } = {} }: GenerationRequest) {
  return {
    ...(eta === undefined ? {} : { eta }),
    ...(noiseScale === undefined ? {} : { noiseScale }),
    ...(churn === undefined ? {} : { churn }),
  }
}

/** What the request says of its noise besides the seed. */
function noiseVariation({ noise, variation, seedSize }: GenerationRequest, factor: number): NoiseVariation {
  return {
    ...(noise === undefined ? {} : { source: noise }),
    ...(variation === undefined ? {} : { towards: variation }),
    ...(seedSize === undefined
      ? {}
      : { from: [Math.floor(seedSize.heightPx / factor), Math.floor(seedSize.widthPx / factor)] }),
  }
}
