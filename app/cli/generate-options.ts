import { randomInt } from 'node:crypto'
import type * as z from 'zod'
import {
  FIT_MODES,
  GenerationRequest,
  InitImage,
  LIMITS,
  SAMPLER_IDS,
  SCHEDULE_IDS,
} from '../../main/contract/generation.ts'
import { EnqueueInput } from '../../main/contract/job.ts'
import type { ModelSummary } from '../../main/contract/model.ts'
import { checked, onlyWord, readArguments, UsageError, type Arguments, type OptionSpec } from './arguments.ts'

const { steps, guidanceScale, sizePx, strength, count } = LIMITS

export const GENERATE_OPTIONS = {
  model: { value: 'ID', help: 'a model of "latent-studio models", or its folder or file; the built-in one by default' },
  negative: { value: 'TEXT', help: 'what the picture should not show' },
  seed: { value: 'N', help: 'the noise to start from; random by default. The same seed makes the same picture' },
  steps: { value: 'N', help: `${steps.min} to ${steps.max}` },
  guidance: { value: 'N', help: `${guidanceScale.min} to ${guidanceScale.max}; 1 is off` },
  size: { value: 'WxH', help: `pixels, ${sizePx.min} to ${sizePx.max} and multiples of ${sizePx.multiple}` },
  sampler: { value: 'ID', help: SAMPLER_IDS.join(', ') },
  schedule: { value: 'ID', help: SCHEDULE_IDS.join(', ') },
  init: { value: 'FILE', help: 'a picture to start from' },
  strength: { value: 'N', help: `how far to go from it: ${strength.min} to ${strength.max}; 0.75 by default` },
  fit: { value: 'MODE', help: `how it is brought to the size: ${FIT_MODES.join(', ')}; crop by default` },
  count: { value: 'N', help: `pictures to make, ${count.min} to ${count.max}; picture i uses seed + i` },
  out: { value: 'FILE', help: 'a copy of the picture, as PNG; with --count fox.png becomes fox-1.png, fox-2.png, …' },
  'no-gallery': { help: 'write to --out only, and keep nothing in the gallery' },
  json: { help: 'one line of JSON an event instead of a progress bar' },
} satisfies Record<string, OptionSpec>

/** What the command line asked for; what it left open takes the model's defaults. */
export interface GenerateOptions {
  /** An id of the library, or a folder or file. */
  readonly model: string | undefined
  readonly request: Partial<Omit<GenerationRequest, 'init'>>
  readonly init: { readonly file: string; readonly strength: number; readonly fit: InitImage['fit'] } | null
  readonly count: number
  readonly out: string | undefined
  readonly isKept: boolean
  readonly isJson: boolean
}

/** @throws UsageError naming the option, what was expected and what was found */
export function readGenerateOptions(args: readonly string[]): GenerateOptions {
  const found = readArguments('generate', args, GENERATE_OPTIONS)
  const out = found.text('out')
  if (out !== undefined && !/\.png$/i.test(out))
    throw new UsageError(`--out: expected a name ending in .png, found "${out}"`)
  const isKept = !found.has('no-gallery')
  if (!isKept && out === undefined) throw new UsageError('--no-gallery: expected --out FILE with it, found none')
  return {
    model: found.text('model'),
    request: readRequest(found),
    init: readInit(found),
    count: read(found, 'count', EnqueueInput.shape.count, true) ?? 1,
    out,
    isKept,
    isJson: found.has('json'),
  }
}

/** The request for the first picture; the model's defaults and a random seed fill what was left open. */
export function completeRequest(
  options: GenerateOptions,
  model: ModelSummary,
  init: InitImage | null,
): GenerationRequest {
  const open = { prompt: '', negativePrompt: '', seed: randomInt(2 ** 32) }
  return { ...open, ...model.defaults, ...options.request, model: model.id, init }
}

function readRequest(found: Arguments): GenerateOptions['request'] {
  const { shape } = GenerationRequest
  const size = found.text('size')
  return withoutGaps({
    prompt: checkedPrompt(onlyWord(found, 'a prompt')),
    negativePrompt: read(found, 'negative', shape.negativePrompt),
    seed: read(found, 'seed', shape.seed, true),
    steps: read(found, 'steps', shape.steps, true),
    guidanceScale: read(found, 'guidance', shape.guidanceScale, true),
    sampler: read(found, 'sampler', shape.sampler),
    schedule: read(found, 'schedule', shape.schedule),
    ...(size === undefined ? {} : readSize(size)),
  })
}

function checkedPrompt(prompt: string): string {
  const limit = LIMITS.promptCharacters
  if (prompt.length > limit)
    throw new UsageError(`expected a prompt of at most ${limit} characters, found ${prompt.length}`)
  return prompt
}

function readSize(size: string): { widthPx: number; heightPx: number } {
  const [, width, height] = /^(\d+)x(\d+)$/i.exec(size) ?? []
  if (width === undefined || height === undefined) {
    throw new UsageError(`--size: expected WIDTHxHEIGHT such as 512x512, found "${size}"`)
  }
  const { shape } = GenerationRequest
  return {
    widthPx: checked(shape.widthPx, 'size', width, true),
    heightPx: checked(shape.heightPx, 'size', height, true),
  }
}

function readInit(found: Arguments): GenerateOptions['init'] {
  const file = found.text('init')
  if (file === undefined) {
    for (const option of ['strength', 'fit']) {
      if (found.has(option)) throw new UsageError(`--${option}: expected --init FILE with it, found none`)
    }
    return null
  }
  return {
    file,
    strength: read(found, 'strength', InitImage.shape.strength, true) ?? 0.75,
    fit: read(found, 'fit', InitImage.shape.fit) ?? 'crop',
  }
}

function read<S extends z.ZodType>(
  found: Arguments,
  option: string,
  schema: S,
  isNumber = false,
): z.infer<S> | undefined {
  const text = found.text(option)
  return text === undefined ? undefined : checked(schema, option, text, isNumber)
}

function withoutGaps<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
