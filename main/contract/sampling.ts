import * as z from 'zod'
import type { SamplerId, ScheduleId } from './generation.ts'

/** Where programs differ in how they take noise levels from a model's table; absent is the sampler's own way. */
export const LevelOptions = z.object({
  /** How timesteps are spread over the model's. */
  spacing: z.enum(['leading', 'trailing', 'linspace']).optional(),
  /** Added to leading timesteps. */
  stepsOffset: z.int().min(0).max(10).optional(),
  /** The network is given whole timesteps. */
  hasWholeTimesteps: z.boolean().optional(),
  /** Leading and linspace spread over one timestep more than there are steps. */
  hasExtraPoint: z.boolean().optional(),
  /** What is interpolated between two timesteps of the table: sigma or its logarithm. */
  interpolation: z.enum(['linear', 'log']).optional(),
  /** A schedule runs between the ends of the table, or of the model's own spaced timesteps. */
  scheduleEnds: z.enum(['table', 'own-timesteps']).optional(),
  /** The result is clean, or at the lowest level of the table. */
  finalLevel: z.enum(['clean', 'table']).optional(),
  /** A picture from words starts from sigma times noise, or from sqrt(1 + sigma^2) times it. */
  initialNoise: z.enum(['sigma', 'unit-variance']).optional(),
})
export type LevelOptions = z.infer<typeof LevelOptions>

export const SAMPLING_LIMITS = {
  eta: { min: 0, max: 2 },
  noiseScale: { min: 0, max: 2 },
  churn: { min: 0, max: 100 },
  churnSigma: { min: 0, max: 1000 },
} as const

const sigma = z.number().min(SAMPLING_LIMITS.churnSigma.min).max(SAMPLING_LIMITS.churnSigma.max)

/** What a sampler does otherwise than by default. */
export const SamplingOptions = z.object({
  /** Share of fresh noise in each step. */
  eta: z.number().min(SAMPLING_LIMITS.eta.min).max(SAMPLING_LIMITS.eta.max).optional(),
  /** s_noise: what fresh noise is multiplied by. */
  noiseScale: z.number().min(SAMPLING_LIMITS.noiseScale.min).max(SAMPLING_LIMITS.noiseScale.max).optional(),
  /** s_churn, s_tmin and s_tmax: noise put in before steps between two levels, over the whole run. */
  churn: z
    .object({
      amount: z.number().min(SAMPLING_LIMITS.churn.min).max(SAMPLING_LIMITS.churn.max),
      sigmaMin: sigma.optional(),
      sigmaMax: sigma.optional(),
    })
    .optional(),
  levels: LevelOptions.optional(),
})
export type SamplingOptions = z.infer<typeof SamplingOptions>

/** The options that a sampler heeds, besides those of levels. */
export const SAMPLER_OPTIONS = {
  euler: ['churn', 'noiseScale'],
  'euler-ancestral': ['eta', 'noiseScale'],
  heun: ['churn', 'noiseScale'],
  dpm2: ['churn', 'noiseScale'],
  'dpm2-ancestral': ['eta', 'noiseScale'],
  lms: [],
  'dpmpp-2m': [],
  'dpmpp-2m-sde': ['eta', 'noiseScale'],
  'dpmpp-2m-sde-heun': ['eta', 'noiseScale'],
  'dpmpp-sde': ['eta', 'noiseScale'],
  'dpmpp-2s-ancestral': ['eta', 'noiseScale'],
  'dpmpp-3m': [],
  'dpmpp-3m-sde': ['eta', 'noiseScale'],
  'dpmpp-2s': [],
  'dpmpp-3s': [],
  'dpm-solver-2m': [],
  'dpm-fast': ['eta', 'noiseScale'],
  'dpm-adaptive': ['eta', 'noiseScale'],
  unipc: [],
  'unipc-bh1': [],
  deis: [],
  ddim: ['eta', 'noiseScale'],
  ddpm: ['noiseScale'],
  plms: [],
  pndm: [],
  lcm: ['noiseScale'],
  tcd: ['eta', 'noiseScale'],
  restart: ['noiseScale'],
  langevin: ['noiseScale'],
} as const satisfies Record<SamplerId, readonly (keyof SamplingOptions)[]>

/** The share of fresh noise that samplers take where nothing is said; the others take all that their steps have room for. */
const FIRST_ETA: Partial<Record<SamplerId, number>> = { ddim: 0, 'dpm-fast': 0, 'dpm-adaptive': 0, tcd: 0.3 }

/** A sampler's eta where a request says none. */
export function firstEta(sampler: SamplerId): number {
  return FIRST_ETA[sampler] ?? 1
}

/** The options without those that the sampler does not heed; undefined where none is left. */
export function heededOptions(sampling: SamplingOptions | undefined, sampler: SamplerId): SamplingOptions | undefined {
  const heeded: readonly string[] = ['levels', ...SAMPLER_OPTIONS[sampler]]
  const kept = Object.entries(sampling ?? {}).filter(([name]) => heeded.includes(name))
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}

/** The ways of programs in which pictures were made elsewhere; the sampler's own is that of diffusers. */
export const LEVEL_CONVENTIONS = {
  'k-diffusion': {
    spacing: 'linspace',
    hasWholeTimesteps: false,
    hasExtraPoint: false,
    interpolation: 'log',
    scheduleEnds: 'table',
    finalLevel: 'clean',
    initialNoise: 'sigma',
  },
  'generative-models': {
    spacing: 'leading',
    stepsOffset: 1,
    hasWholeTimesteps: true,
    hasExtraPoint: false,
    interpolation: 'linear',
    finalLevel: 'clean',
    initialNoise: 'unit-variance',
  },
  compvis: {
    spacing: 'leading',
    stepsOffset: 1,
    hasWholeTimesteps: true,
    hasExtraPoint: false,
    finalLevel: 'table',
    initialNoise: 'unit-variance',
  },
} as const satisfies Record<string, LevelOptions>

const EVEN: readonly ScheduleId[] = ['normal', 'trailing', 'ddim-uniform', 'sgm-uniform', 'simple']
const OWN_WALK = 'takes only the highest and the lowest level of a schedule and chooses those between itself'
const EVEN_STEPS = 'was derived for timesteps of equal length'
const DISTILLED = 'walks the timesteps at which the model was distilled'

/** Samplers that make sense with some schedules only, and why. */
const SCHEDULES_OF: Partial<Record<SamplerId, { readonly schedules: readonly ScheduleId[]; readonly reason: string }>> =
  {
    'dpm-fast': { schedules: ['normal', 'karras'], reason: OWN_WALK },
    'dpm-adaptive': { schedules: ['normal', 'karras'], reason: OWN_WALK },
    restart: { schedules: ['normal', 'karras'], reason: OWN_WALK },
    plms: { schedules: EVEN, reason: EVEN_STEPS },
    pndm: { schedules: EVEN, reason: EVEN_STEPS },
    ddpm: { schedules: EVEN, reason: EVEN_STEPS },
    lcm: { schedules: EVEN, reason: DISTILLED },
    tcd: { schedules: EVEN, reason: DISTILLED },
  }

/** Schedules that were measured on one kind of model. */
const MEASURED_ON: Partial<Record<ScheduleId, { readonly families: readonly string[]; readonly name: string }>> = {
  'ays-sd1': { families: ['sd1', 'sd2'], name: 'Stable Diffusion 1' },
  'ays-sdxl': { families: ['sdxl', 'sdxl-refiner'], name: 'Stable Diffusion XL' },
}

/** Why a schedule is not offered with a sampler on a model of this family, in a sentence; null where it makes sense. */
export function scheduleProblem(schedule: ScheduleId, sampler: SamplerId, family: string): string | null {
  const measured = MEASURED_ON[schedule]
  if (measured && !measured.families.includes(family)) return `Its levels were measured on ${measured.name}.`
  const some = SCHEDULES_OF[sampler]
  return some && !some.schedules.includes(schedule) ? `This sampler ${some.reason}.` : null
}
