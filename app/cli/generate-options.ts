import { randomInt } from 'node:crypto'
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
import {
  onlyWord,
  read,
  readArguments,
  requireWith,
  UsageError,
  withoutGaps,
  type Arguments,
  type OptionSpec,
} from './arguments.ts'
import { MASK_OPTIONS, PART_OPTIONS, readMask, readParts, type MaskAsked, type PartsAsked } from './part-options.ts'
import {
  GUIDANCE_OPTIONS,
  NOISE_OPTIONS,
  PROMPT_OPTIONS,
  readSampling,
  readSize,
  SAMPLING_OPTIONS,
} from './sampling-options.ts'

const { steps, guidanceScale, sizePx, strength, count } = LIMITS

const MAIN_OPTIONS = {
  model: { value: 'ID', help: 'a model of "latent-studio models", or its folder or file; the built-in one by default' },
  negative: { value: 'TEXT', help: 'what the picture should not show' },
  seed: { value: 'N', help: 'the noise to start from; random by default. The same seed makes the same picture' },
  steps: { value: 'N', help: `${steps.min} to ${steps.max}` },
  guidance: { value: 'N', help: `${guidanceScale.min} to ${guidanceScale.max}; 1 is off` },
  size: { value: 'WxH', help: `pixels, ${sizePx.min} to ${sizePx.max} and multiples of ${sizePx.multiple}` },
  sampler: { value: 'ID', help: SAMPLER_IDS.join(', ') },
  schedule: { value: 'ID', help: SCHEDULE_IDS.join(', ') },
  count: { value: 'N', help: `pictures to make, ${count.min} to ${count.max}; picture i uses seed + i` },
  out: { value: 'FILE', help: 'a copy of the picture, as PNG; with --count fox.png becomes fox-1.png, fox-2.png, …' },
  'no-gallery': { help: 'write to --out only, and keep nothing in the gallery' },
  json: { help: 'one line of JSON an event instead of a progress bar' },
} satisfies Record<string, OptionSpec>

const START_OPTIONS = {
  init: { value: 'FILE', help: 'a picture to start from' },
  strength: { value: 'N', help: `how far to go from it: ${strength.min} to ${strength.max}; 0.75 by default` },
  fit: { value: 'MODE', help: `how it is brought to the size: ${FIT_MODES.join(', ')}; crop by default` },
  ...MASK_OPTIONS,
} satisfies Record<string, OptionSpec>

/** The options in the groups that the help shows. */
export const GENERATE_GROUPS: Readonly<Record<string, Readonly<Record<string, OptionSpec>>>> = {
  Options: MAIN_OPTIONS,
  'From a picture': START_OPTIONS,
  'How the prompt is read': PROMPT_OPTIONS,
  'Parts that join the model, by their name in the library or their file': PART_OPTIONS,
  'What the sampler does otherwise than by default': SAMPLING_OPTIONS,
  Guidance: GUIDANCE_OPTIONS,
  'The first noise': NOISE_OPTIONS,
}

const GENERATE_OPTIONS: Record<string, OptionSpec> = Object.assign({}, ...Object.values(GENERATE_GROUPS)) as Record<
  string,
  OptionSpec
>

/** What the command line asked for; what it left open takes the model's defaults. */
export interface GenerateOptions {
  /** An id of the library, or a folder or file. */
  readonly model: string | undefined
  readonly request: Partial<Omit<GenerationRequest, 'init'>>
  readonly init: InitAsked | null
  readonly parts: PartsAsked
  /** The prompts' choices are made for each picture. */
  readonly isTemplate: boolean
  readonly count: number
  readonly out: string | undefined
  readonly isKept: boolean
  readonly isJson: boolean
}

interface InitAsked extends Pick<InitImage, 'strength' | 'fit'> {
  readonly file: string
  readonly mask: MaskAsked | undefined
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
    parts: readParts(found),
    isTemplate: found.has('dynamic'),
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
  joined: Partial<GenerationRequest> = {},
): GenerationRequest {
  const open = { prompt: '', negativePrompt: '', seed: randomInt(2 ** 32) }
  return { ...open, ...model.defaults, ...options.request, ...joined, model: model.id, init }
}

function readRequest(found: Arguments): GenerateOptions['request'] {
  const { shape } = GenerationRequest
  return withoutGaps({
    prompt: checkedPrompt(onlyWord(found, 'a prompt')),
    negativePrompt: read(found, 'negative', shape.negativePrompt),
    seed: read(found, 'seed', shape.seed, true),
    steps: read(found, 'steps', shape.steps, true),
    guidanceScale: read(found, 'guidance', shape.guidanceScale, true),
    sampler: read(found, 'sampler', shape.sampler),
    schedule: read(found, 'schedule', shape.schedule),
    ...readSize(found, 'size'),
    ...readSampling(found),
  })
}

function checkedPrompt(prompt: string): string {
  const limit = LIMITS.promptCharacters
  if (prompt.length > limit)
    throw new UsageError(`expected a prompt of at most ${limit} characters, found ${prompt.length}`)
  return prompt
}

function readInit(found: Arguments): InitAsked | null {
  requireWith(found, ['strength', 'fit', 'mask'], 'init', 'FILE')
  const mask = readMask(found)
  const file = found.text('init')
  if (file === undefined) return null
  return {
    file,
    strength: read(found, 'strength', InitImage.shape.strength, true) ?? 0.75,
    fit: read(found, 'fit', InitImage.shape.fit) ?? 'crop',
    mask,
  }
}
