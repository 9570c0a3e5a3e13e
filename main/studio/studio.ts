import { performance } from 'node:perf_hooks'
import { StudioError } from '../contract/failure.ts'
import type { GenerationResult, GenerationTask } from '../contract/studio.ts'
import { loadAll } from './load-all.ts'
import type { GenerateContext } from './generate-context.ts'
import { tellUnheard } from './labelled.ts'
import { LoadedModel } from './loaded-model.ts'
import { noting } from './noting.ts'
import { pause } from './pause.ts'
import { ProgressReport } from './progress-report.ts'
import { requireSameLatents } from './refine.ts'
import { latentOf } from './run.ts'
import { RunRecord } from './run-record.ts'
import { planMemory } from './run-memory.ts'
import { latentShape, samplingPlan } from './sampling-plan.ts'
import { hasInput } from './start-latent.ts'
import { partPath } from './task-paths.ts'
import type { OnTile } from './tiled.ts'
import { savePicture } from './save.ts'

export type { GenerateContext } from './generate-context.ts'

export interface StudioOptions {
  readonly vocabulariesFolder: string
  readonly appVersion: string
}

/** Makes pictures; keeps the last model's networks open for the next one. */
export class Studio {
  readonly #options: StudioOptions
  #model: LoadedModel | null = null
  #refiner: LoadedModel | null = null

  constructor(options: StudioOptions) {
    this.#options = options
  }

  /**
   * One request from prompt to files in the staging folder.
   * @throws StudioError model-missing, checkpoint-unsupported, invalid-request, out-of-memory, disk-full, cancelled
   */
  async generate(task: GenerationTask, { logger, ...around }: GenerateContext): Promise<GenerationResult> {
    const told = noting(logger)
    const made = await this.#make(task, { ...around, logger: told.logger }).catch(async (error: unknown) => {
      // A file may have changed since it was looked at: the next try looks again.
      if (error instanceof StudioError && error.code === 'checkpoint-unsupported') await this.release()
      throw error
    })
    return told.notes.length === 0 ? made : { ...made, notes: [...told.notes] }
  }

  async #make(task: GenerationTask, context: GenerateContext): Promise<GenerationResult> {
    const startedMs = performance.now()
    const { request } = task
    const progress = new ProgressReport(context.onProgress)
    progress.report('loading', { loaded: 0 })
    const model = await this.#open(task)
    await model.join(task, context.logger)
    tellUnheard(model, request, context.logger)
    const refiner = await this.#openRefiner(task, model)
    const [plan, shape] = [samplingPlan(model, request), latentShape(model, request)]
    progress.steps = plan.steps
    await planned(model, task, progress, context)
    // First, for an image encoder needs much memory for a moment.
    const guides = await model.guides(task)
    await loadAll(model, task, progress, context.signal)

    const record = new RunRecord()
    const run = { model, refiner, task, plan, shape, guides, context, progress, record }
    const { latent, start } = await latentOf(run)
    progress.report('decoding')
    const picture = await start.finish(await (await model.decoder())(latent, tellTiles(progress, context)))
    await pause(context.signal)

    progress.report('saving')
    return savePicture(picture, {
      task,
      checkpoint: model.facts,
      predictionType: request.predictionType ?? (await model.predictionType()),
      memory: model.memory,
      record,
      appVersion: this.#options.appVersion,
      durationMs: performance.now() - startedMs,
    })
  }

  /** Closes the networks that are open. */
  async release(): Promise<void> {
    const [model, refiner] = [this.#model, this.#refiner]
    this.#model = this.#refiner = null
    await model?.release()
    await refiner?.release()
  }

  async #open({ modelPath, threads }: GenerationTask): Promise<LoadedModel> {
    const open = this.#model
    const isSame = open?.facts.path === modelPath && open.options.threads === threads
    if (open && isSame && (await open.isAsOpened())) return open
    await this.release()
    const { vocabulariesFolder } = this.#options
    this.#model = await LoadedModel.open(modelPath, { threads, vocabulariesFolder })
    return this.#model
  }

  /** The second model, if the request has one: as described by its files, its networks closed until they run. */
  async #openRefiner(task: GenerationTask, base: LoadedModel): Promise<LoadedModel | null> {
    const { refiner } = task.request
    const path = refiner && partPath(task, refiner.model)
    if (this.#refiner && (this.#refiner.facts.path !== path || !(await this.#refiner.isAsOpened()))) {
      await this.#refiner.release()
      this.#refiner = null
    }
    if (path === undefined) return null
    this.#refiner ??= await LoadedModel.open(path, base.options)
    requireSameLatents(this.#refiner, base)
    return this.#refiner
  }
}

/** Decides how the run goes about memory, and says so. */
async function planned(
  model: LoadedModel,
  task: GenerationTask,
  progress: ProgressReport,
  { logger }: GenerateContext,
): Promise<void> {
  const plan = planMemory(model.networks, { ...task, hasInput: hasInput(model, task), heldBytes: model.heldBytes })
  logger.info(`${task.jobId}: ${plan.sentence}`)
  progress.report('loading', { memory: plan.sentence })
  await model.keepTo(plan)
}

/** Between tiles, as between steps, a cancelled run ends. */
function tellTiles(progress: ProgressReport, { signal }: GenerateContext): OnTile {
  return async (done, count) => {
    progress.report('decoding', { tiles: { done, count } })
    await pause(signal)
  }
}
