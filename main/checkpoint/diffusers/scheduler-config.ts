import * as z from 'zod'
import type { DiffusionConfig } from '../config.ts'
import { readJsonFile } from '../json-file.ts'
import { requireOptions, size } from './fields.ts'

/** diffusers' schedulers of a discrete noise table, with the spacing each has when its file names none. */
const DEFAULT_SPACING: Readonly<Record<string, DiffusionConfig['timestepSpacing']>> = {
  DDIMScheduler: 'leading',
  DDPMScheduler: 'leading',
  PNDMScheduler: 'leading',
  LCMScheduler: 'leading',
  TCDScheduler: 'leading',
  EulerDiscreteScheduler: 'linspace',
  EulerAncestralDiscreteScheduler: 'linspace',
  HeunDiscreteScheduler: 'linspace',
  LMSDiscreteScheduler: 'linspace',
  KDPM2DiscreteScheduler: 'linspace',
  KDPM2AncestralDiscreteScheduler: 'linspace',
  DPMSolverMultistepScheduler: 'linspace',
  DPMSolverSinglestepScheduler: 'linspace',
  DEISMultistepScheduler: 'linspace',
  UniPCMultistepScheduler: 'linspace',
  SASolverScheduler: 'linspace',
  DPMSolverSDEScheduler: 'linspace',
}

const Fields = z.looseObject({
  _class_name: z.string().default('DDIMScheduler'),
  prediction_type: z.enum(['epsilon', 'v_prediction', 'sample']).default('epsilon'),
  num_train_timesteps: size.default(1000),
  beta_schedule: z.enum(['linear', 'scaled_linear', 'squaredcos_cap_v2']).default('linear'),
  beta_start: z.number().positive().default(0.0001),
  beta_end: z.number().positive().max(1).default(0.02),
  trained_betas: z.array(z.number().positive().max(1)).min(1).max(100_000).nullable().default(null),
  rescale_betas_zero_snr: z.boolean().default(false),
  timestep_spacing: z.enum(['leading', 'trailing', 'linspace']).optional(),
  steps_offset: z.int().min(0).max(1000).default(0),
  set_alpha_to_one: z.boolean().optional(),
})

/**
 * A diffusers scheduler_config.json.
 * @throws StudioError checkpoint-unsupported naming the field
 */
export async function readSchedulerConfig(path: string): Promise<DiffusionConfig> {
  const fields = await readJsonFile(path, Fields)
  requireOptions(path, fields, { _class_name: Object.keys(DEFAULT_SPACING) })
  return {
    predictionType: fields.prediction_type === 'v_prediction' ? 'v' : fields.prediction_type,
    trainTimesteps: fields.trained_betas?.length ?? fields.num_train_timesteps,
    betaSchedule: fields.beta_schedule,
    betaStart: fields.beta_start,
    betaEnd: fields.beta_end,
    trainedBetas: fields.trained_betas,
    rescaleZeroSnr: fields.rescale_betas_zero_snr,
    timestepSpacing: fields.timestep_spacing ?? DEFAULT_SPACING[fields._class_name] ?? 'leading',
    stepsOffset: fields.steps_offset,
    setAlphaToOne: fields.set_alpha_to_one ?? fields._class_name !== 'PNDMScheduler',
  }
}
