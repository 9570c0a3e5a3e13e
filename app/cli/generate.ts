import { existsSync } from 'node:fs'
import { join, parse, resolve } from 'node:path'
import { openCheckpoint } from '../../main/checkpoint/open.ts'
import { toFailure } from '../../main/contract/failure.ts'
import type { GenerationRequest } from '../../main/contract/generation.ts'
import type { ModelSummary } from '../../main/contract/model.ts'
import { seedAfter } from '../../main/queue/transitions.ts'
import { openModels, type ModelParts } from '../parts.ts'
import { requireModel } from '../validate.ts'
import { openWildcards } from '../wildcards.ts'
import { galleryBench, temporaryBench, type Bench } from './bench.ts'
import { findParts } from './find-parts.ts'
import { completeRequest, readGenerateOptions, type GenerateOptions } from './generate-options.ts'
import { namesOf } from './part-options.ts'
import { jsonReport, plainReport, terminalReport, type Report } from './report.ts'
import type { Surroundings } from './surroundings.ts'

/** `latent-studio generate`: makes pictures and says where they are. @throws UsageError */
export async function generate(args: readonly string[], around: Surroundings): Promise<number> {
  const options = readGenerateOptions(args)
  const report = chooseReport(options, around)
  try {
    await withModels(options, around, async (models) => {
      const bench = options.isKept ? await galleryBench(models, around) : await temporaryBench(models)
      try {
        const { wildcards } = around.paths
        const finish = options.isTemplate ? openWildcards(wildcards).expand : (request: GenerationRequest) => request
        const place = { bench, report, finish, signal: around.signal }
        await makeAll(await firstRequest(options, models, bench), options, place)
      } finally {
        await bench.close()
      }
    })
    return 0
  } catch (error) {
    const failure = toFailure(error)
    report.ended(failure)
    return failure.code === 'cancelled' ? 130 : 1
  }
}

async function withModels(
  { model, parts }: GenerateOptions,
  around: Surroundings,
  use: (models: ModelParts) => Promise<void>,
): Promise<void> {
  const named = [...(model === undefined ? [] : [model]), ...namesOf(parts)]
  const guests = named.filter((name) => existsSync(name)).map((name) => resolve(name))
  const models = openModels({ ...around, guests })
  // Its libraries load while the models are looked through.
  models.host.warm()
  try {
    await models.firstScan
    await use(models)
  } finally {
    await models.close()
  }
}

async function firstRequest(
  options: GenerateOptions,
  { library }: ModelParts,
  bench: Bench,
): Promise<GenerationRequest> {
  const model = await chosenModel(options.model, library)
  const joined = await findParts(options.parts, library, bench.keepInput)
  if (options.init === null) return completeRequest(options, model, null, joined)
  const { file, mask, ...use } = options.init
  const init = { id: await bench.keepInput(file, 'init'), ...use }
  if (mask === undefined) return completeRequest(options, model, init, joined)
  const { file: maskFile, ...how } = mask
  return completeRequest(
    options,
    model,
    { ...init, mask: { id: await bench.keepInput(maskFile, 'mask'), ...how } },
    joined,
  )
}

/** By its id, or by where it lies. @throws StudioError model-missing, checkpoint-unsupported */
async function chosenModel(model: string | undefined, library: ModelParts['library']): Promise<ModelSummary> {
  const models = library.list()
  if (model === undefined) return requireModel(library, models[0]?.id ?? 'starter')
  const path = resolve(model)
  const found = library.find(model) ?? models.find((other) => other.path === path)
  // What lies there but is no model says itself what it is.
  if (!found && existsSync(path)) await openCheckpoint(path)
  return requireModel(library, found?.id ?? model)
}

interface Workplace {
  readonly bench: Bench
  readonly report: Report
  /** What else a request needs, once its seed is known. */
  readonly finish: (request: GenerationRequest) => GenerationRequest
  readonly signal: AbortSignal
}

async function makeAll(
  first: GenerationRequest,
  { count, out }: GenerateOptions,
  { bench, report, finish, signal }: Workplace,
): Promise<void> {
  for (let index = 1; index <= count; index++) {
    const request = finish({ ...first, seed: seedAfter(first.seed, index - 1) })
    report.started(index, count, request)
    const listeners = {
      signal,
      onProgress: (progress: Parameters<Report['progress']>[1]) => {
        report.progress(index, progress)
      },
      onPreview: () => undefined,
    }
    report.done(index, await bench.make(request, listeners, out === undefined ? null : numbered(out, index, count)))
  }
}

/** fox.png alone, or fox-1.png of several. */
function numbered(out: string, index: number, count: number): string {
  if (count === 1) return out
  const { dir, name, ext } = parse(out)
  return join(dir, `${name}-${index}${ext}`)
}

function chooseReport({ isJson }: GenerateOptions, { write, writeError, terminal }: Surroundings): Report {
  if (isJson) return jsonReport(write)
  return terminal === null ? plainReport(write, writeError) : terminalReport(write, writeError, terminal)
}
