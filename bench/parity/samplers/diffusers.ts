import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { dataScaled, denoiser, toDenoised } from '../../../main/diffusion/denoise.ts'
import type { PredictNow } from '../../../main/diffusion/denoise.ts'
import type { LevelRules } from '../../../main/diffusion/level-rules.ts'
import { noiseTable } from '../../../main/diffusion/noise-table.ts'
import { planSampling } from '../../../main/diffusion/plan.ts'
import type { SamplingPlan } from '../../../main/diffusion/plan.ts'
import type { Denoise, Sample, Sampler, SamplerOptions } from '../../../main/diffusion/sampler.ts'
import { samplers } from '../../../main/diffusion/samplers/index.ts'
import { roundHalfToEven } from '../../../main/diffusion/timesteps.ts'
import { clamped, scaled } from '../../../main/tensor/arithmetic.ts'
import type { Tensor } from '../../../main/tensor/tensor.ts'
import type { Outcome, ParityCase } from '../case.ts'
import { AnalyticModel, evaluate, formulaNoise, NoiseFormula, Start, startLatent } from './analytic-model.ts'
import { excess, latentExcess, outcome, reference, SIGMA, TIMESTEP } from './comparison.ts'
import type { Reference } from './comparison.ts'
import { planConfig, SchedulerRun, settingsFor } from './diffusers-settings.ts'
import type { Settings } from './diffusers-settings.ts'
import { stridedPndm } from './pndm-strides.ts'

export const DiffusersManifest = z.object({
  model: AnalyticModel,
  init: Start,
  noise_abc: NoiseFormula,
  variants: z.record(z.string(), z.object({ runs: z.record(z.string(), z.unknown()) })),
})
type DiffusersManifest = z.infer<typeof DiffusersManifest>

/** One case a run of the manifest. */
export function diffusersCases(folder: string, manifest: DiffusersManifest): ParityCase[] {
  return Object.entries(manifest.variants).flatMap(([variant, { runs }]) =>
    Object.entries(runs).map(([key, run]) => ({
      name: `${variant} ${key}`,
      run: () => runCase(join(folder, `${variant}.safetensors`), key, SchedulerRun.parse(run), manifest),
    })),
  )
}

async function runCase(path: string, key: string, run: SchedulerRun, manifest: DiffusersManifest): Promise<Outcome> {
  const settings = settingsFor(run)
  if (typeof settings === 'string') return { skipped: `${settings} is not supported yet` }
  const isThere = await stat(path).then(
    () => true,
    () => false,
  )
  if (!isThere) return { skipped: 'its file is not in this folder' }
  return compare(await trace(run, settings, manifest), settings, reference(path, key))
}

/** A latent and the level it stands at. */
interface Row {
  readonly x: Tensor
  readonly sigma: number
}

interface Trace {
  readonly plan: SamplingPlan
  /** What the network was told, call by call. */
  readonly timesteps: readonly number[]
  /** The start, then the latent after every call of the network. */
  readonly rows: readonly Row[]
}

async function compare({ plan, timesteps, rows }: Trace, settings: Settings, expected: Reference): Promise<Outcome> {
  const isData = settings.space === 'data'
  const latents = rows.map(({ x, sigma }) => (isData ? dataScaled(x, sigma) : x))
  const sigmas = await expected('sigmas')
  const scale = isData ? plan.initialScale / Math.hypot(1, plan.sigmas[0] ?? 0) : plan.initialScale
  return outcome(
    latentExcess(latents, await expected('x')),
    excess(timesteps, await expected('timesteps'), TIMESTEP),
    sigmas === null ? 0 : excess(distinct(plan.sigmas), distinct(Array.from(sigmas)), SIGMA),
    excess([scale], await expected('init_noise_sigma'), SIGMA),
  )
}

/** Without repeats one after the other: two-call schedulers list a level for each call. */
function distinct(levels: readonly number[]): number[] {
  return levels.filter((level, i) => level !== levels[i - 1])
}

async function trace(run: SchedulerRun, settings: Settings, manifest: DiffusersManifest): Promise<Trace> {
  const config = planConfig(run)
  const plan = planSampling(config, { ...settings, steps: run.set_timesteps })
  const rules: LevelRules = { ...samplers[settings.sampler].rules, ...settings.rules }
  const table = noiseTable(config, rules.terminalAlphaCumprod)
  const predictionType = run.config.prediction_type === 'v_prediction' ? 'v' : 'epsilon'
  const timesteps: number[] = []
  const predict: PredictNow = (x, t) => {
    timesteps.push(t)
    const sigma = table.tToSigma(t)
    const a = 1 / Math.hypot(1, sigma)
    return Promise.resolve(evaluate(manifest.model, predictionType, x, a, a * sigma))
  }

  const start = { x: scaled(startLatent(manifest.init), plan.initialScale), sigma: plan.sigmas[0] ?? 0 }
  const rows: Row[] = [start]
  const round = settings.hasWholeStarts ? roundHalfToEven : (t: number) => t
  const denoise: Denoise = async (x, sigma) => {
    const isStart = x === (rows.at(-1) ?? start).x
    if (!settings.options.churn && !isStart) rows.push({ x, sigma })
    const timestepAt = (level: number) => (isStart ? round(plan.timestepAt(level)) : plan.timestepAt(level))
    const network = denoiser(predict, predictionType, timestepAt)
    const denoised = settings.options.churn ? await beforeChurn(x, sigma) : await network(x, sigma)
    return settings.clip === null ? denoised : clamped(denoised, settings.clip)
  }
  /** With churn, diffusers asks its network before it adds the noise. */
  const beforeChurn: Denoise = async (xHat, sigmaHat) => {
    const { x, sigma } = rows.at(-1) ?? start
    const prediction = await predict(dataScaled(x, sigma), plan.timestepAt(sigma))
    return toDenoised(predictionType, prediction, xHat, predictionType === 'v' ? sigma : sigmaHat)
  }

  const noise = (k: number): Tensor => formulaNoise(manifest.init.shape, manifest.noise_abc, settings.drawOf?.(k) ?? k)
  const { levelBetween } = plan
  const isResultNoised = (plan.timesteps.at(-1) ?? 0) > 0
  const options = { ...settings.options, noise, predictionType, levelBetween, isResultNoised } as const
  const { sample }: Sampler = samplers[settings.sampler]
  const landings = settings.hasStride ? stridedLandings(plan, table.sigmas, run.set_timesteps) : plan.sigmas.slice(1)
  if (landings.every((landing, k) => landing === plan.sigmas[k + 1])) {
    for await (const row of sample(denoise, start.x, plan.sigmas, options)) rows.push(row)
  } else if (run.scheduler === 'PNDMScheduler') {
    const strided = {
      sample,
      isRungeKutta: !run.config.skip_prk_steps,
      plan,
      tableSigmas: table.sigmas,
      predict,
      options,
    }
    const latent = dataScaled(start.x, start.sigma)
    for await (const x of stridedPndm(strided, latent)) rows.push({ x, sigma: 0 })
  } else {
    for await (const row of strided(sample, denoise, start.x, plan.sigmas, landings, options)) rows.push(row)
  }
  return { plan, timesteps, rows }
}

/** The levels that diffusers' DDIM and DDPM land on: a whole number of timesteps down, not the start of the next step. */
function stridedLandings(plan: SamplingPlan, tableSigmas: readonly number[], steps: number): number[] {
  const stride = Math.floor(tableSigmas.length / steps)
  return plan.timesteps.map((t) => tableSigmas[t - stride] ?? plan.sigmas.at(-1) ?? 0)
}

/** Step by step where a landing is not the next start, which then takes the latent as if it were at its own level. */
async function* strided(
  sample: Sample,
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  landings: readonly number[],
  options: SamplerOptions,
): AsyncGenerator<Row, void, void> {
  for (const [k, landing] of landings.entries()) {
    const sigma = sigmas[k + 1] ?? 0
    const oneStep = sample(denoise, x, [sigmas[k] ?? 0, landing], { ...options, noise: () => options.noise(k) })
    for await (const landed of oneStep) {
      x = scaled(landed.x, Math.hypot(1, sigma) / Math.hypot(1, landing))
      yield { x, sigma }
    }
  }
}
