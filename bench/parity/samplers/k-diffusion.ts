import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import type { SamplerId } from '../../../main/contract/generation.ts'
import { denoiser } from '../../../main/diffusion/denoise.ts'
import type { NoiseTable } from '../../../main/diffusion/noise-table.ts'
import type { Denoise, Sampler } from '../../../main/diffusion/sampler.ts'
import type { AdaptiveOptions } from '../../../main/diffusion/samplers/dpm-adaptive.ts'
import type { MultistepOptions } from '../../../main/diffusion/samplers/dpmpp-2m.ts'
import { samplers } from '../../../main/diffusion/samplers/index.ts'
import { exponential } from '../../../main/diffusion/schedules/exponential.ts'
import { roundHalfToEven } from '../../../main/diffusion/timesteps.ts'
import { scaled } from '../../../main/tensor/arithmetic.ts'
import type { Tensor } from '../../../main/tensor/tensor.ts'
import type { Outcome, ParityCase } from '../case.ts'
import { AnalyticModel, evaluate, formulaNoise, NoiseFormula, Start, startLatent } from './analytic-model.ts'
import { excess, LATENT, latentExcess, outcome, reference, SIGMA } from './comparison.ts'
import type { Allowance } from './comparison.ts'
import { probeCases } from './probes.ts'
import { namedSigmas, stableDiffusionTable } from './named-schedules.ts'

const SamplerRuns = z.object({
  function: z.string(),
  kwargs: z.object({
    eta: z.number().optional(),
    s_churn: z.number().optional(),
    s_tmin: z.number().optional(),
    s_tmax: z.number().optional(),
    s_noise: z.number().optional(),
    solver_type: z.enum(['midpoint', 'heun']).optional(),
  }),
  runs: z.record(z.string(), z.unknown()),
})
type SamplerRuns = z.infer<typeof SamplerRuns>

/** A run of a sampler that goes from one level to another by itself. */
const OwnLevelsRun = z.object({
  function: z.string(),
  /** sigma_min, sigma_max and, where the sampler takes it, the number of network calls */
  args_after_x: z.tuple([z.number(), z.number()]).rest(z.number()),
  kwargs: z.object({
    eta: z.number().optional(),
    order: z.union([z.literal(2), z.literal(3)]).optional(),
    rtol: z.number().optional(),
  }),
})
type OwnLevelsRun = z.infer<typeof OwnLevelsRun>

export const KDiffusionManifest = z.object({
  model: AnalyticModel,
  init: Start,
  noise_abc: NoiseFormula,
  sigma_min: z.number(),
  sigma_max: z.number(),
  samplers: z.record(z.string(), z.union([SamplerRuns, z.record(z.string(), OwnLevelsRun)])),
})
export type KDiffusionManifest = z.infer<typeof KDiffusionManifest>

/** Where strides follow from errors, the original's float32 errors, of the size of rounding at high levels, change them. */
const ADAPTIVE: Allowance = { absolute: 1e-2, relative: 0 }

/** k-diffusion's functions, by the name this project has for the sampler. */
const functions: Record<string, SamplerId> = {
  sample_euler: 'euler',
  sample_euler_ancestral: 'euler-ancestral',
  sample_heun: 'heun',
  sample_dpm_2: 'dpm2',
  sample_dpm_2_ancestral: 'dpm2-ancestral',
  sample_lms: 'lms',
  sample_dpmpp_2s_ancestral: 'dpmpp-2s-ancestral',
  sample_dpmpp_sde: 'dpmpp-sde',
  sample_dpmpp_3m_sde: 'dpmpp-3m-sde',
  sample_dpm_adaptive: 'dpm-adaptive',
  sample_dpm_fast: 'dpm-fast',
  sample_dpmpp_2m: 'dpmpp-2m',
  sample_dpmpp_2m_sde: 'dpmpp-2m-sde',
}

/** One case a run of the manifest, and one a value list of the schedules' file. */
export async function kDiffusionCases(folder: string, manifest: KDiffusionManifest): Promise<ParityCase[]> {
  const cases = Object.entries(manifest.samplers).flatMap(([name, entry]) =>
    isRuns(entry)
      ? Object.keys(entry.runs).map((key) => ({
          name: `${name} ${key}`,
          run: () => runCase(join(folder, `${name}.safetensors`), key, entry, manifest),
        }))
      : Object.entries(entry).map(([key, run]) => ({
          name: `${name} ${key}`,
          run: () => ownLevelsCase(join(folder, `${name}.safetensors`), key, run, manifest),
        })),
  )
  const isProbed = (await readdir(folder)).includes('schedules.safetensors')
  return isProbed ? [...cases, ...(await probeCases(join(folder, 'schedules.safetensors'), manifest))] : cases
}

function isRuns(entry: KDiffusionManifest['samplers'][string]): entry is SamplerRuns {
  return 'runs' in entry && 'kwargs' in entry
}

/** The result of samplers that take only the ends of a schedule. */
async function ownLevelsCase(
  path: string,
  key: string,
  run: OwnLevelsRun,
  manifest: KDiffusionManifest,
): Promise<Outcome> {
  const sampler = functions[run.function]
  if (sampler === undefined) return unsupported(run.function)
  if (!(await isFile(path))) return { skipped: 'its file is not in this folder' }
  const [sigmaMin, sigmaMax, calls = 10] = run.args_after_x
  const { eta, order, rtol: relative = 0.05 } = run.kwargs
  const options: AdaptiveOptions = {
    noise: (k) => formulaNoise(manifest.init.shape, manifest.noise_abc, k),
    tolerance: { absolute: 0.0078, relative },
    ...(eta === undefined ? {} : { eta }),
    ...(order === undefined ? {} : { order }),
  }
  const { sample }: Sampler = samplers[sampler]
  const start = scaled(startLatent(manifest.init), sigmaMax)
  let x = start
  const levels = [...exponential(calls, sigmaMin, sigmaMax), sigmaMin]
  const exact = (at: Tensor, sigma: number) => Promise.resolve(evaluate(manifest.model, 'x0', at, 1, sigma))
  for await (const step of sample(exact, x, levels, options)) x = step.x
  const expected = reference(path, key)
  return outcome(
    latentExcess([start], await expected('x_init')),
    excess([...x.data], await expected('x_final'), run.function.endsWith('adaptive') ? ADAPTIVE : LATENT),
  )
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

function unsupported(name: string): Promise<Outcome> {
  return Promise.resolve({ skipped: `sampler ${name} is not supported yet` })
}

async function runCase(path: string, key: string, entry: SamplerRuns, manifest: KDiffusionManifest): Promise<Outcome> {
  const sampler = functions[entry.function]
  if (sampler === undefined) return unsupported(entry.function)
  if (!(await isFile(path))) return { skipped: 'its file is not in this folder' }

  // polyexponential1.5.exact.10: the schedule's name may hold a point
  const [steps = '', model = '', ...schedule] = key.split('.').reverse()
  const table = stableDiffusionTable()
  const sigmas = namedSigmas(schedule.reverse().join('.'), Number(steps), manifest, table)
  const { rows, denoised } = await trace(sampler, sigmas, network(model, manifest, table), entry, manifest)
  const expected = reference(path, key)
  return outcome(
    excess(sigmas, await expected('sigmas'), SIGMA),
    latentExcess(rows, await expected('x')),
    latentExcess(denoised, await expected('denoised')),
  )
}

/** The latent each step's network call was given, then the result; and the estimates of those calls. */
async function trace(
  sampler: SamplerId,
  sigmas: readonly number[],
  denoise: Denoise,
  entry: SamplerRuns,
  manifest: KDiffusionManifest,
): Promise<{ rows: Tensor[]; denoised: Tensor[] }> {
  const rows: Tensor[] = []
  const denoised: Tensor[] = []
  const watched: Denoise = (x, sigma) => {
    if (rows.length === denoised.length) rows.push(x)
    return denoise(x, sigma)
  }
  const { sample }: Sampler = samplers[sampler]
  let x = scaled(startLatent(manifest.init), sigmas[0] ?? 0)
  for await (const step of sample(watched, x, sigmas, samplerOptions(entry, manifest))) {
    denoised.push(step.denoised)
    x = step.x
  }
  return { rows: [...rows, x], denoised }
}

function samplerOptions({ kwargs }: SamplerRuns, manifest: KDiffusionManifest): MultistepOptions {
  const { eta, s_churn: amount, s_tmin: sigmaMin = 0, s_tmax: sigmaMax = Infinity, s_noise = 1 } = kwargs
  const draw = (k: number): Tensor => formulaNoise(manifest.init.shape, manifest.noise_abc, k)
  if (amount !== undefined) return { noise: draw, churn: { amount, sigmaMin, sigmaMax, noiseScale: s_noise } }
  return {
    noise: (k) => scaled(draw(k), s_noise),
    ...(eta === undefined ? {} : { eta }),
    ...(kwargs.solver_type === undefined ? {} : { solver: kwargs.solver_type }),
  }
}

/** The reference's four networks: the exact denoiser, or a variance-preserving one behind k-diffusion's wrappers. */
function network(name: string, { model }: KDiffusionManifest, table: NoiseTable): Denoise {
  if (name === 'exact') return (x, sigma) => Promise.resolve(evaluate(model, 'x0', x, 1, sigma))
  const predictionType = name.startsWith('v_') ? 'v' : 'epsilon'
  const round = name.endsWith('_quantize') ? roundHalfToEven : (t: number) => t
  return denoiser(
    (x, t) => {
      const sigma = table.tToSigma(t)
      const a = 1 / Math.hypot(1, sigma)
      return Promise.resolve(evaluate(model, predictionType, x, a, a * sigma))
    },
    predictionType,
    (sigma) => round(table.sigmaToT(sigma)),
  )
}
