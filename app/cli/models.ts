import type { ModelSummary } from '../../main/contract/model.ts'
import { openModels } from '../parts.ts'
import { readArguments, UsageError, type OptionSpec } from './arguments.ts'
import type { Surroundings } from './surroundings.ts'
import { bytes, columns } from './text.ts'

export const MODELS_OPTIONS = { json: { help: 'the list as JSON' } } satisfies Record<string, OptionSpec>

/** `latent-studio models`: the models that "generate --model" knows. @throws UsageError */
export async function models(args: readonly string[], around: Surroundings): Promise<number> {
  const found = readArguments('models', args, MODELS_OPTIONS)
  const [word] = found.words
  if (word !== undefined) throw new UsageError(`expected nothing after models, found "${word}"`)
  const parts = openModels(around)
  try {
    await parts.firstScan
    const list = parts.library.list()
    around.write(found.has('json') ? `${JSON.stringify(list, null, 2)}\n` : list.map(describe).join('\n'))
  } finally {
    await parts.close()
  }
  return 0
}

function describe(model: ModelSummary): string {
  const { widthPx, heightPx, steps, guidanceScale, sampler, schedule } = model.defaults
  return `${model.id}\n${columns([
    ['Name', model.name],
    ['Family', `${model.familyName}, ${model.predictionType} prediction`],
    ['Where', model.path],
    ['Size', bytes(model.sizeBytes)],
    ['Defaults', `${widthPx}x${heightPx}, ${steps} steps, guidance ${guidanceScale}, ${sampler} over ${schedule}`],
    ...(model.problem === null ? [] : [['Problem', model.problem] as const]),
  ])}`
}
