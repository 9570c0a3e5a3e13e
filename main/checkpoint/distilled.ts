import type { ModelDefaults } from '../contract/model.ts'
import type { PartKind } from '../contract/part.ts'
import type { DiffusionConfig } from './config.ts'

/** What may say that a model was distilled to few steps. */
export interface DistillationSigns {
  /** The file's or folder's. */
  readonly name: string
  /** Of a safetensors header. */
  readonly metadata?: Readonly<Record<string, string>>
  /** The class that scheduler_config.json names. */
  readonly scheduler?: string
  /** The U-Net is told the guidance scale. */
  readonly isToldGuidance: boolean
}

/** A sentence for people, and where the fields of such a model start. */
export interface Distillation {
  readonly hint: string
  readonly defaults: Partial<ModelDefaults>
}

interface Method {
  readonly name: string
  readonly pattern: RegExp
  readonly defaults: Pick<ModelDefaults, 'steps' | 'guidanceScale' | 'sampler' | 'schedule'>
  /** Its name is a word that pictures are called by as well. */
  readonly isWord?: boolean
}

/** As the authors of each run theirs. A word that names often hold for other reasons must stand alone, or with what follows it. */
const METHODS: readonly Method[] = [
  {
    name: 'Lightning',
    pattern: /lightning/i,
    isWord: true,
    defaults: { steps: 4, guidanceScale: 1, sampler: 'euler', schedule: 'trailing' },
  },
  {
    name: 'Hyper',
    pattern: /hyper[-_ ]?sd|hyper.*\dstep|[Hh]yper(?=$|[_.\d])/i,
    defaults: { steps: 8, guidanceScale: 1, sampler: 'ddim', schedule: 'trailing' },
  },
  {
    name: 'Turbo',
    pattern: /turbo/i,
    isWord: true,
    defaults: { steps: 4, guidanceScale: 1, sampler: 'euler-ancestral', schedule: 'trailing' },
  },
  {
    name: 'LCM',
    pattern: /(?<![A-Z])LCM(?![a-z])|(?<![a-z])lcm(?![a-z])/,
    defaults: { steps: 4, guidanceScale: 1, sampler: 'lcm', schedule: 'normal' },
  },
  {
    name: 'TCD',
    pattern: /(?<![A-Z])TCD(?![a-z])|(?<![a-z])tcd(?![a-z])/,
    defaults: { steps: 4, guidanceScale: 1, sampler: 'tcd', schedule: 'normal' },
  },
]
/** Of latent consistency models that are told the guidance scale, and make no second pass for it. */
const TOLD_GUIDANCE = 8
/** The two models of Stability that were distilled at half their families' size. */
const SMALL_TURBO = /^sd[-_ ]?(?:xl[-_ ]?)?turbo/i
const SMALL_TURBO_PX = 512
/** Of Hyper-SD's variants that keep guidance, which take 5 to 8. */
const GUIDED_HYPER = 5
/** Of the names of distillations of a known model: sd_xl_turbo_lora, sdxl_lightning_4step_lora. */
const OF_A_MODEL = /\d[-_ ]?steps?|sd[-_ ]?(?:xl|v?1|turbo)/i
/** A count of steps that a name tells: 4step, 8-steps. */
const STEPS = /(?<!\d)([1-9]|1\d)[-_ ]?steps?/i

/**
 * What is known, or can be guessed, of a model's distillation: its weights are like any others. A guess decides nothing but
 * where the fields start, and says that it is one.
 */
export function distillation(signs: DistillationSigns): Distillation | null {
  if (signs.isToldGuidance) return toldGuidance()
  const sign = firstSign(signs)
  return sign && describe(sign, signs.name)
}

/**
 * The same of a part that joins a model: a U-Net, or a LoRA, whose name may hold the same words for what it shows. Such a
 * name counts where it tells the steps or the model that was distilled.
 */
export function partDistillation(signs: DistillationSigns, kind: PartKind): Distillation | null {
  if (kind !== 'unet' && kind !== 'lora') return null
  if (signs.isToldGuidance) return toldGuidance()
  const sign = firstSign(signs)
  if (!sign || (kind === 'lora' && sign.method.isWord && !OF_A_MODEL.test(signs.name))) return null
  const { defaults } = describe(sign, signs.name)
  const what = `it lets a model work in few steps (${sign.method.name}): ${defaults.steps ?? ''}, ${guided(defaults)}.`
  return { hint: `${sign.source} that ${what}`, defaults }
}

function toldGuidance(): Distillation {
  const lcm = METHODS.find(({ name }) => name === 'LCM')
  return {
    hint: 'A latent consistency model: four steps, and guidance at no further cost.',
    defaults: { ...lcm?.defaults, guidanceScale: TOLD_GUIDANCE },
  }
}

interface Sign {
  readonly source: string
  readonly method: Method
}

function firstSign(signs: DistillationSigns): Sign | null {
  const title = signs.metadata?.['modelspec.title'] ?? ''
  const architecture = signs.metadata?.['modelspec.architecture'] ?? ''
  const told: [source: string, text: string][] = [
    ['Its metadata say', `${title} ${architecture}`],
    ['Its scheduler says', (signs.scheduler ?? '').replace('Scheduler', '')],
    ['Its name suggests', signs.name],
  ]
  for (const [source, text] of told) {
    const method = METHODS.find(({ pattern }) => pattern.test(text))
    if (method) return { source, method }
  }
  return null
}

/**
 * Where the fields start: the family's way, and that of few steps where the model was distilled for it. A table that ends in
 * nothing but noise has to be walked from its end.
 */
export function fewSteps(
  family: ModelDefaults,
  { rescaleZeroSnr }: Pick<DiffusionConfig, 'rescaleZeroSnr'>,
  distilled: Distillation | null,
): ModelDefaults {
  const fromTheEnd = { sampler: 'euler', schedule: 'trailing' } as const
  return { ...family, ...(rescaleZeroSnr ? fromTheEnd : {}), ...distilled?.defaults }
}

function describe({ source, method: { name, defaults } }: Sign, modelName: string): Distillation {
  const steps = Number(STEPS.exec(modelName)?.[1] ?? defaults.steps)
  const size =
    name === 'Turbo' && SMALL_TURBO.test(modelName) ? { widthPx: SMALL_TURBO_PX, heightPx: SMALL_TURBO_PX } : {}
  const guidance = name === 'Hyper' && /cfg/i.test(modelName) ? { guidanceScale: GUIDED_HYPER } : {}
  const isSample = /(?<![a-z\d])x0(?![a-z\d])/i.test(modelName)
  const all = { ...defaults, steps, ...size, ...guidance }
  const sentences = [
    `${source} that it was distilled to few steps (${name}); the fields start at ${steps} ${guided(all)}.`,
    ...(isSample ? ['If it predicts the picture itself (x0), set the prediction to sample.'] : []),
  ]
  return { hint: sentences.join(' '), defaults: all }
}

function guided({ guidanceScale = 1 }: Partial<ModelDefaults>): string {
  return guidanceScale === 1 ? 'without guidance' : `with guidance ${guidanceScale}`
}
