import * as z from 'zod'
import type { SamplerId, ScheduleId } from '../../../main/contract/generation.ts'
import type { LevelRules } from '../../../main/diffusion/level-rules.ts'
import type { PlanConfig } from '../../../main/diffusion/plan.ts'
import type { SamplerOptions } from '../../../main/diffusion/sampler.ts'
import type { DdimOptions } from '../../../main/diffusion/samplers/ddim.ts'
import type { DdpmOptions } from '../../../main/diffusion/samplers/ddpm.ts'
import type { DeisOptions } from '../../../main/diffusion/samplers/deis.ts'
import type { MultistepOptions } from '../../../main/diffusion/samplers/dpmpp-2m.ts'
import type { ThirdOrderOptions } from '../../../main/diffusion/samplers/dpmpp-3m-sde.ts'
import { exponential } from '../../../main/diffusion/schedules/exponential.ts'
import type { Schedule } from '../../../main/diffusion/schedules/schedule.ts'

const flag = z.boolean().default(false)

/** A run of a diffusers scheduler as the manifest records it. */
export const SchedulerRun = z.object({
  scheduler: z.string(),
  config: z.object({
    num_train_timesteps: z.int().default(1000),
    beta_start: z.number().default(0.0001),
    beta_end: z.number().default(0.02),
    beta_schedule: z.enum(['linear', 'scaled_linear', 'squaredcos_cap_v2']).default('linear'),
    trained_betas: z.array(z.number()).nullable().default(null),
    prediction_type: z.string().default('epsilon'),
    timestep_spacing: z.enum(['leading', 'trailing', 'linspace']).optional(),
    steps_offset: z.int().default(0),
    set_alpha_to_one: z.boolean().optional(),
    rescale_betas_zero_snr: flag,
    clip_sample: z.boolean().optional(),
    clip_sample_range: z.number().default(1),
    variance_type: z.string().nullish(),
    thresholding: flag,
    use_karras_sigmas: flag,
    use_lu_lambdas: flag,
    interpolation_type: z.string().default('linear'),
    timestep_type: z.string().default('discrete'),
    final_sigmas_type: z.enum(['zero', 'sigma_min']).default('zero'),
    algorithm_type: z.string().default('dpmsolver++'),
    solver_order: z.int().default(2),
    solver_type: z.string().default('midpoint'),
    lower_order_final: z.boolean().default(true),
    euler_at_final: flag,
    skip_prk_steps: flag,
  }),
  set_timesteps: z.int(),
  step_kwargs: z.object({
    eta: z.number().optional(),
    s_churn: z.number().optional(),
    s_tmin: z.number().optional(),
    s_tmax: z.number().optional(),
    s_noise: z.number().optional(),
  }),
})
export type SchedulerRun = z.infer<typeof SchedulerRun>

/** How this project's sampler is set to do what a diffusers class does. */
export interface Settings {
  readonly sampler: SamplerId
  readonly schedule: ScheduleId | Schedule
  readonly rules: Partial<LevelRules>
  readonly options: Partial<
    SamplerOptions & DdimOptions & DdpmOptions & MultistepOptions & ThirdOrderOptions & DeisOptions
  >
  /** Latents in the file are x0 + sigma * n, or divided by sqrt(1 + sigma^2). */
  readonly space: 'sigma' | 'data'
  /** A step lands a fixed stride below its timestep, wherever the next one starts. */
  readonly hasStride: boolean
  readonly clip: number | null
  /** At the start of a step the network is told the timestep rounded, at its second call as it is. */
  readonly hasWholeStarts?: boolean
  /** The original's number of a step's draw, where it draws more often than it uses. */
  readonly drawOf?: (draw: number) => number
}

/** Settings for a run, or what about it is not supported. */
export function settingsFor(run: SchedulerRun): Settings | string {
  const { config } = run
  const family = families[run.scheduler]
  if (!family) return `sampler ${run.scheduler}`
  if (!['epsilon', 'v_prediction'].includes(config.prediction_type)) return `prediction type ${config.prediction_type}`
  if (config.thresholding) return 'dynamic thresholding'
  return family(run)
}

const families: Record<string, (run: SchedulerRun) => Settings | string> = {
  DDIMScheduler: ({ config, step_kwargs }) => {
    const estimateLimit = clipOf(config, true)
    const options = { ...eta(step_kwargs.eta), ...(estimateLimit === null ? {} : { estimateLimit }) }
    return { ...dataSpace('ddim'), hasStride: true, options }
  },
  DDPMScheduler: ({ config }) => {
    const variance = config.variance_type ?? 'fixed_small'
    if (variance !== 'fixed_small' && variance !== 'fixed_large') return `variance type ${variance} of DDPM`
    const options = { variance: variance === 'fixed_small' ? 'small' : 'large' } as const
    return { ...dataSpace('ddpm'), hasStride: true, options, clip: clipOf(config, true) }
  },
  PNDMScheduler: ({ config }) => ({ ...dataSpace(config.skip_prk_steps ? 'plms' : 'pndm'), hasStride: true }),
  LMSDiscreteScheduler: (run) => sigmaSpace('lms', run),
  EulerDiscreteScheduler: (run) => sigmaSpace('euler', run, { options: churn(run.step_kwargs) }),
  EulerAncestralDiscreteScheduler: (run) => sigmaSpace('euler-ancestral', run),
  HeunDiscreteScheduler: (run) => sigmaSpace('heun', run, { clip: clipOf(run.config, false) }),
  DEISMultistepScheduler: ({ config, set_timesteps: steps }) => {
    const order = solverOrder(config)
    if (order === null) return `sampler DEIS of order ${config.solver_order}`
    const isOrderFalling = config.lower_order_final && steps < 15
    const walk = multistepWalk('deis', config)
    // has no final_sigmas_type in its configuration, and ends at the table's lowest level
    return { ...walk, rules: { ...walk.rules, finalLevel: 'table' }, options: { order, isOrderFalling } }
  },
  UniPCMultistepScheduler: ({ config }) => {
    const order = solverOrder(config)
    const solver = config.solver_type
    if (order === null || (solver !== 'bh1' && solver !== 'bh2'))
      return `sampler UniPC ${solver} of order ${config.solver_order}`
    return { ...multistepWalk(solver === 'bh1' ? 'unipc-bh1' : 'unipc', config), options: { order } }
  },
  LCMScheduler: ({ config }) => ({ ...dataSpace('lcm'), clip: clipOf(config, false) }),
  DPMSolverSinglestepScheduler: ({ config }) => {
    const { algorithm_type: algorithm, solver_order: order, solver_type: solver } = config
    if (algorithm !== 'dpmsolver++' || solver !== 'midpoint') return `singlestep sampler ${algorithm}, ${solver}`
    if (order !== 2 && order !== 3) return `singlestep sampler of order ${order}`
    return { ...multistepWalk(`dpmpp-${order}s`, config) }
  },
  KDPM2DiscreteScheduler: (run) => sigmaSpace('dpm2', run, { hasWholeStarts: run.config.use_karras_sigmas }),
  // draws at every call, and uses those of the second calls
  KDPM2AncestralDiscreteScheduler: (run) =>
    sigmaSpace('dpm2-ancestral', run, {
      hasWholeStarts: run.config.use_karras_sigmas,
      drawOf: (k) => 2 * k + 1,
    }),
  DPMSolverMultistepScheduler: ({ config, set_timesteps: steps }) => {
    const { algorithm_type: algorithm, solver_order: order, solver_type: solver } = config
    const sampler = multistepSampler(algorithm, order)
    if (sampler === null) return `sampler ${algorithm} of order ${order}`
    if (solver !== 'midpoint' && solver !== 'heun') return `solver type ${solver} of DPM-Solver++`
    const isOrderFalling = config.lower_order_final && steps < 15
    const isLastFirstOrder = config.euler_at_final || isOrderFalling
    return {
      ...multistepWalk(sampler, config),
      options: { solver, isLastFirstOrder, isOrderFalling },
    }
  },
}

function multistepSampler(algorithm: string, order: number): SamplerId | null {
  switch (`${algorithm} ${order}`) {
    case 'dpmsolver++ 2':
      return 'dpmpp-2m'
    case 'dpmsolver++ 3':
      return 'dpmpp-3m'
    case 'dpmsolver 2':
      return 'dpm-solver-2m'
    case 'sde-dpmsolver++ 2':
      return 'dpmpp-2m-sde'
    default:
      return null
  }
}

function dataSpace(sampler: SamplerId): Settings {
  return { sampler, schedule: 'normal', rules: {}, options: {}, space: 'data', hasStride: false, clip: null }
}

function solverOrder({ solver_order: order }: SchedulerRun['config']): 1 | 2 | 3 | null {
  return order === 1 || order === 2 || order === 3 ? order : null
}

function multistepWalk(sampler: SamplerId, config: SchedulerRun['config']): Settings {
  return {
    ...dataSpace(sampler),
    schedule: config.use_karras_sigmas ? 'karras' : config.use_lu_lambdas ? exponential : 'normal',
    rules: { sigmaLimit: Infinity, finalLevel: config.final_sigmas_type === 'zero' ? 'clean' : 'table' },
  }
}

function sigmaSpace(sampler: SamplerId, { config }: SchedulerRun, more: Partial<Settings> = {}): Settings | string {
  if (config.timestep_type !== 'discrete') return `timestep type ${config.timestep_type}`
  const rules: Partial<LevelRules> = {
    interpolation: config.interpolation_type === 'linear' ? 'linear' : 'log',
    scheduleEnds: 'own-timesteps',
    sigmaLimit: Infinity,
    finalLevel: config.final_sigmas_type === 'zero' ? 'clean' : 'table',
  }
  const schedule = config.use_karras_sigmas ? 'karras' : 'normal'
  return { ...dataSpace(sampler), rules, schedule, space: 'sigma', ...more }
}

function eta(value: number | undefined): Partial<SamplerOptions> {
  return value === undefined ? {} : { eta: value }
}

function churn(kwargs: SchedulerRun['step_kwargs']): Partial<SamplerOptions> {
  if (!kwargs.s_churn) return {}
  const { s_churn: amount, s_tmin: sigmaMin = 0, s_tmax: sigmaMax = Infinity, s_noise: noiseScale = 1 } = kwargs
  return { churn: { amount, sigmaMin, sigmaMax, noiseScale } }
}

function clipOf(config: SchedulerRun['config'], isDefault: boolean): number | null {
  return (config.clip_sample ?? isDefault) ? config.clip_sample_range : null
}

/** The class's default spacing where the configuration names none. */
const leadingClasses = ['DDIMScheduler', 'DDPMScheduler', 'PNDMScheduler']

export function planConfig({ scheduler, config }: SchedulerRun): PlanConfig {
  return {
    trainTimesteps: config.num_train_timesteps,
    betaSchedule: config.beta_schedule,
    betaStart: config.beta_start,
    betaEnd: config.beta_end,
    trainedBetas: config.trained_betas,
    rescaleZeroSnr: config.rescale_betas_zero_snr,
    timestepSpacing: config.timestep_spacing ?? (leadingClasses.includes(scheduler) ? 'leading' : 'linspace'),
    stepsOffset: config.steps_offset,
    setAlphaToOne: config.set_alpha_to_one ?? scheduler !== 'PNDMScheduler',
  }
}
