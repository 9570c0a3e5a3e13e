import { performance } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import type { Component } from '../checkpoint/weights.ts'
import { StudioError, type Logger } from '../contract/failure.ts'
import type { GenerationRequest } from '../contract/generation.ts'
import type { Progress, Stage } from '../contract/job.ts'
import type { GenerationResult, GenerationTask } from '../contract/studio.ts'
import { guided } from '../diffusion/guidance.ts'
import type { Predict } from '../diffusion/denoise.ts'
import { denoisingLoop, seededNoise } from '../diffusion/loop.ts'
import { planSampling } from '../diffusion/plan.ts'
import type { SamplingPlan } from '../diffusion/plan.ts'
import { pictureTensor } from '../image/picture.ts'
import { weightedSum } from '../tensor/arithmetic.ts'
import { gaussianNoise } from '../tensor/noise.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { encodePair, encodePrompt } from '../text/conditioning.ts'
import type { EncodedPrompt } from '../text/conditioning.ts'
import { StepClock } from './estimate.ts'
import { LoadedModel } from './loaded-model.ts'
import { previewsOf } from './previews.ts'
import { savePicture } from './save.ts'
import { wholePicture } from './size-conditioning.ts'

export interface StudioOptions {
  readonly vocabulariesFolder: string
  readonly appVersion: string
}

export interface GenerateContext {
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
  readonly onPreview: (step: number, dataUrl: string) => void
  readonly logger: Logger
}

/** The draw of the autoencoder's sample of an input picture; far from those of the steps. */
const ENCODER_DRAW = 2 ** 32 - 1

/** Makes pictures; keeps the last model's networks open for the next one. */
export class Studio {
  readonly #options: StudioOptions
  #model: LoadedModel | null = null

  constructor(options: StudioOptions) {
    this.#options = options
  }

  /**
   * One request from prompt to files in the staging folder.
   * @throws StudioError model-missing, checkpoint-unsupported, invalid-request, out-of-memory, disk-full, cancelled
   */
  async generate(task: GenerationTask, context: GenerateContext): Promise<GenerationResult> {
    const startedMs = performance.now()
    const { request } = task
    const progress = new ProgressReport(context)
    progress.report('loading', { loaded: 0 })
    const model = await this.#open(task)
    const plan = planSampling(model.checkpoint.diffusion, {
      sampler: request.sampler,
      schedule: request.schedule,
      steps: request.steps,
      strength: request.init?.strength ?? 1,
    })
    progress.steps = plan.steps
    const latentSides = latentSize(request, model.latentFactor)
    await loadAll(model, task, progress)

    progress.report('encoding')
    const predict = await conditionedPredict(model, task)
    const shape = [model.checkpoint.unet.config.outChannels, ...latentSides]
    const clean = task.initPath === null ? null : await encodeInput(model, request, task.initPath)
    await pause(context.signal)

    const latent = await this.#denoise({ model, plan, predict, shape, clean, task, context, progress })
    progress.report('decoding')
    const picture = await (await model.decoder())(latent)
    await pause(context.signal)

    progress.report('saving')
    return savePicture(picture, {
      task,
      checkpoint: model.checkpoint,
      predictionType: await model.predictionType(),
      appVersion: this.#options.appVersion,
      durationMs: performance.now() - startedMs,
    })
  }

  /** Closes the networks that are open. */
  async release(): Promise<void> {
    const model = this.#model
    this.#model = null
    await model?.release()
  }

  async #open({ modelPath, threads }: GenerationTask): Promise<LoadedModel> {
    const open = this.#model
    if (open && open.checkpoint.path === modelPath && open.options.threads === threads) return open
    await this.release()
    const { vocabulariesFolder } = this.#options
    this.#model = await LoadedModel.open(modelPath, { threads, vocabulariesFolder })
    return this.#model
  }

  async #denoise(run: Run): Promise<Tensor> {
    const { model, plan, predict, task, context, progress } = run
    const { request } = task
    const drawPreview = task.showPreviews ? await previewsOf(model) : null
    const clock = new StepClock(performance.now())
    progress.report('denoising', { step: 0 })
    let latent: Tensor | null = null
    const records = denoisingLoop({
      sampler: request.sampler,
      plan,
      predict,
      predictionType: await model.predictionType(),
      noise: seededNoise([request.seed], run.shape),
      ...(run.clean === null ? {} : { clean: run.clean }),
    })
    for await (const { step, denoised, latent: reached } of records) {
      latent = reached
      clock.tick(performance.now())
      progress.report('denoising', { step, secondsLeft: clock.secondsFor(plan.steps - step) })
      await pause(context.signal)
      if (drawPreview) context.onPreview(step, await drawPreview(denoised))
    }
    if (!latent)
      throw new StudioError('invalid-request', `expected at least one step, found ${plan.steps}`, { field: 'steps' })
    return latent
  }
}

interface Run {
  readonly model: LoadedModel
  readonly plan: SamplingPlan
  readonly predict: Predict
  readonly shape: readonly number[]
  readonly clean: Tensor | null
  readonly task: GenerationTask
  readonly context: GenerateContext
  readonly progress: ProgressReport
}

/** Lets messages in, then ends a cancelled run. */
async function pause(signal: AbortSignal): Promise<void> {
  await setImmediate()
  if (signal.aborted) throw new StudioError('cancelled', 'The run was cancelled')
}

/** [latentHeight, latentWidth] @throws StudioError invalid-request, naming the field */
function latentSize({ widthPx, heightPx }: GenerationRequest, factor: number): [number, number] {
  const cells = (px: number, field: string) => {
    if (px % factor !== 0) {
      throw new StudioError('invalid-request', `expected a multiple of ${factor} pixels, found ${px}`, { field })
    }
    return px / factor
  }
  return [cells(heightPx, 'heightPx'), cells(widthPx, 'widthPx')]
}

/** Opens what the run needs, telling how much of the weights has been read. */
async function loadAll(model: LoadedModel, { initPath }: GenerationTask, progress: ProgressReport): Promise<void> {
  const { textEncoders, unet, autoencoder } = model.checkpoint
  const parts = [
    ...textEncoders.map((part, i) => ({
      sizeBytes: weightBytes(part),
      open: (onRead: (share: number) => void) => model.openTextEncoder(i, onRead),
    })),
    {
      sizeBytes: weightBytes(unet),
      open: (onRead: (share: number) => void) => model.unet(onRead),
    },
    { sizeBytes: weightBytes(autoencoder), open: (onRead: (share: number) => void) => model.decoder(onRead) },
    ...(initPath === null
      ? []
      : [{ sizeBytes: weightBytes(autoencoder), open: (onRead: (share: number) => void) => model.encoder(onRead) }]),
  ]
  const total = parts.reduce((sum, part) => sum + part.sizeBytes, 0)
  let read = 0
  for (const part of parts) {
    await part.open((share) => {
      progress.report('loading', { loaded: (read + share * part.sizeBytes) / total })
    })
    read += part.sizeBytes
    progress.report('loading', { loaded: read / total })
    await pause(progress.context.signal)
  }
}

function weightBytes({ weights }: Component<unknown>): number {
  return weights.names.reduce((sum, name) => sum + weights.require(name).sizeBytes, 0)
}

/** The U-Net with its prompts: guided where the scale asks for it. */
async function conditionedPredict(model: LoadedModel, { request, batchGuidance }: GenerationTask): Promise<Predict> {
  const network = await model.unet()
  const encoders = await model.promptEncoders()
  const { prompt, negativePrompt, guidanceScale, heightPx, widthPx } = request
  const told = (encoded: EncodedPrompt) => model.conditioning(encoded, wholePicture(heightPx, widthPx))
  if (guidanceScale === 1) {
    return guided(network, told(await encodePrompt(encoders, prompt)), null, 1, { isBatched: false })
  }
  const { conditioning, unconditional } = await encodePair(encoders, prompt, negativePrompt)
  return guided(network, told(conditioning), told(unconditional), guidanceScale, { isBatched: batchGuidance })
}

/** The input picture's latent in the U-Net's scale: a sample of what the encoder says, as the originals draw it. */
async function encodeInput(model: LoadedModel, request: GenerationRequest, path: string): Promise<Tensor> {
  const { widthPx, heightPx, init } = request
  const image = await pictureTensor(path, { widthPx, heightPx, fit: init?.fit ?? 'crop' })
  const { mean, deviation } = await (await model.encoder())(image)
  const noise = gaussianNoise(request.seed, ENCODER_DRAW, mean.shape)
  const spread = tensor(
    mean.shape,
    noise.data.map((value, i) => value * (deviation.data[i] ?? 0)),
  )
  return weightedSum([1, mean], [1, spread])
}

/** Progress with what stays the same filled in. */
class ProgressReport {
  steps = 0
  readonly context: GenerateContext
  #last: Progress = { stage: 'loading', step: 0, steps: 0, loaded: 0, secondsLeft: null }

  constructor(context: GenerateContext) {
    this.context = context
  }

  report(stage: Stage, change: Partial<Progress> = {}): void {
    const loaded = stage === 'loading' ? this.#last.loaded : 1
    this.#last = { ...this.#last, loaded, ...change, stage, steps: this.steps }
    this.context.onProgress(this.#last)
  }
}
