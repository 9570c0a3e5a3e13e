import { StudioError } from '../contract/failure.ts'
import type { SamplerId, ScheduleId } from '../contract/generation.ts'
import type { LevelRules } from './level-rules.ts'
import { noiseTable } from './noise-table.ts'
import type { NoiseConfig, NoiseTable } from './noise-table.ts'
import type { LevelBetween } from './sampler.ts'
import { samplers } from './samplers/index.ts'
import { schedules } from './schedules/index.ts'
import type { Schedule } from './schedules/schedule.ts'
import { roundHalfToEven, spacedTimesteps } from './timesteps.ts'
import type { SpacingRules, TimestepSpacing } from './timesteps.ts'

/** A model's forward process and how its own scheduler walks back. */
export interface PlanConfig extends NoiseConfig {
  readonly timestepSpacing: TimestepSpacing
  readonly stepsOffset: number
  /** The result is clean; else it is at the lowest level of the table. */
  readonly setAlphaToOne: boolean
}

export interface PlanRequest {
  readonly sampler: SamplerId
  readonly schedule: ScheduleId | Schedule
  readonly steps: number
  /** 0-1, the share of the steps that is run on an input picture; 1 is all. */
  readonly strength?: number
  /** What to do otherwise than the sampler's own rules say. */
  readonly rules?: Partial<LevelRules>
}

/** The noise levels of a run and what the network is told at each. */
export interface SamplingPlan {
  /** Steps that are run, after `strength`. */
  readonly steps: number
  /** steps + 1 levels, falling; the last is the result's. */
  readonly sigmas: readonly number[]
  /** The timestep of each step's start. */
  readonly timesteps: readonly number[]
  /** Text-to-image starts from this times standard normal noise. */
  readonly initialScale: number
  /** The timestep of any level: the plan's own where it has that level, else the table's. */
  readonly timestepAt: (sigma: number) => number
  /** The level at a share of the timesteps between two levels. */
  readonly levelBetween: LevelBetween
}

/**
 * The noise levels of a run. Without `rules` they are those of diffusers' class of the sampler's name under the model's
 * own spacing, offset and final level; Karras runs between the ends of the table, as in k-diffusion.
 * @throws StudioError checkpoint-unsupported when the model's betas describe no process; invalid-request when the model has
 * fewer timesteps than steps are asked for
 */
export function planSampling(config: PlanConfig, request: PlanRequest): SamplingPlan {
  const rules: LevelRules = { ...samplers[request.sampler].rules, ...request.rules }
  const table = noiseTable(config, rules.terminalAlphaCumprod)
  const spacing = request.schedule === 'trailing' ? 'trailing' : (rules.spacing ?? config.timestepSpacing)
  const own = ownLevels(table, rules, spacing, rules.stepsOffset ?? config.stepsOffset, request.steps)
  const schedule = typeof request.schedule === 'string' ? schedules[request.schedule] : request.schedule
  const ownSigmas = [...own.keys()]
  const [sigmaMin, sigmaMax] = scheduleEnds(table, rules, ownSigmas)
  const starts = schedule(request.steps, sigmaMin, sigmaMax, { own: ownSigmas, table })
  const timestepAt = (sigma: number): number => {
    const t = own.get(sigma) ?? table.sigmaToT(sigma)
    return rules.hasWholeTimesteps ? roundHalfToEven(t) : t
  }
  const levelBetween: LevelBetween = (sigma, sigmaNext, share) => {
    const t = (1 - share) * timestepAt(sigma) + share * timestepAt(sigmaNext)
    return table.tToSigma(rules.hasWholeTimesteps ? Math.floor(t) : t)
  }
  const kept = starts.slice(starts.length - keptSteps(starts.length, request.strength ?? 1))
  const isOwnWalk = schedule === schedules.normal
  return {
    steps: kept.length,
    sigmas: [...kept, isClean(rules, config, isOwnWalk) ? 0 : Math.min(...table.sigmas, kept.at(-1) ?? 0)],
    timesteps: kept.map(timestepAt),
    initialScale: initialScale(rules, spacing, starts[0] ?? 0),
    timestepAt,
    levelBetween,
  }
}

/** Only a walk over the model's own timesteps ends where its own scheduler does. */
function isClean({ finalLevel }: LevelRules, { setAlphaToOne }: PlanConfig, isOwnWalk: boolean): boolean {
  if (finalLevel === 'clean' || finalLevel === 'table') return finalLevel === 'clean'
  return !isOwnWalk || (finalLevel === null && setAlphaToOne)
}

/** Steps run on an input picture: diffusers' floor of steps * strength, but never none. */
function keptSteps(steps: number, strength: number): number {
  return Math.max(Math.min(Math.floor(steps * strength), steps), 1)
}

/** Level → timestep of the timesteps that the model's own scheduler visits. */
function ownLevels(
  table: NoiseTable,
  rules: LevelRules,
  spacing: SpacingRules['spacing'],
  stepsOffset: number,
  steps: number,
): Map<number, number> {
  const spacingRules = { spacing, stepsOffset, hasExtraPoint: rules.hasExtraPoint, isRounded: rules.hasWholeTimesteps }
  const toSigma = rules.interpolation === 'log' ? table.tToSigma : table.tToSigmaLinear
  const levels = new Map(spacedTimesteps(spacingRules, table.trainTimesteps, steps).map((t) => [toSigma(t), t]))
  if (levels.size < steps) {
    const found = `expected fewer steps than the model's ${table.trainTimesteps} timesteps, found ${steps}`
    throw new StudioError('invalid-request', found, { field: 'steps' })
  }
  return levels
}

/** Lowest and highest level for a schedule that is a function of them. */
function scheduleEnds(table: NoiseTable, rules: LevelRules, own: readonly number[]): [number, number] {
  const levels = rules.scheduleEnds === 'table' ? table.sigmas : own
  return [Math.min(...levels), Math.min(Math.max(...levels), rules.sigmaLimit)]
}

function initialScale(rules: LevelRules, spacing: SpacingRules['spacing'], sigma: number): number {
  const isUnitVariance =
    rules.initialNoise === 'unit-variance' || (rules.initialNoise === 'by-spacing' && spacing === 'leading')
  return isUnitVariance ? Math.hypot(1, sigma) : sigma
}
