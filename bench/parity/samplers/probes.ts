import { readSafetensors, readTensor } from '../../../main/checkpoint/safetensors.ts'
import type { TensorEntry } from '../../../main/checkpoint/safetensors.ts'
import { ancestralStep } from '../../../main/diffusion/samplers/ancestral-step.ts'
import { roundHalfToEven } from '../../../main/diffusion/timesteps.ts'
import type { ParityCase } from '../case.ts'
import { formulaNoise, startLatent } from './analytic-model.ts'
import { excess, LATENT, outcome, SIGMA, TIMESTEP } from './comparison.ts'
import type { Allowance } from './comparison.ts'
import type { KDiffusionManifest } from './k-diffusion.ts'
import { namedSigmas, stableDiffusionTable } from './named-schedules.ts'

/** The original takes exp(...) - 1 in float32, which leaves four digits of the lowest levels. */
const VP_SIGMA: Allowance = { absolute: 1e-5, relative: 1e-5 }

type Values = readonly number[]
/** What a probe should hold; `input` reads a neighbour that it is a function of. */
type Probe = (input: (name: string) => Promise<Values>) => Promise<[Values, Allowance]>

/** One case a list of values in k-diffusion's schedules file that is computed from others or from the manifest. */
export async function probeCases(path: string, manifest: KDiffusionManifest): Promise<ParityCase[]> {
  const { entries } = await readSafetensors(path)
  const values = async (entry: TensorEntry): Promise<Values> => [...(await readTensor(entry)).data]
  const input = async (name: string): Promise<Values> => {
    const entry = entries.get(name)
    if (!entry) throw new Error(`${path}: expected ${name}, found none`)
    return values(entry)
  }
  return [...entries.values()].flatMap((entry) => {
    const probe = probeOf(entry.name, manifest)
    if (probe === null) return []
    const run = async () => {
      const [found, allowed] = await probe(input)
      return outcome(excess(found, await values(entry), allowed))
    }
    return [{ name: `schedules ${entry.name}`, run }]
  })
}

function probeOf(name: string, manifest: KDiffusionManifest): Probe | null {
  const table = stableDiffusionTable()
  switch (name) {
    // what the other probes are functions of
    case 't_to_sigma.t':
    case 'sigma_to_t.sigma':
    case 'ancestral.sigma_from_to':
      return null
    case 't_to_sigma.sigma':
      return async (input) => [(await input('t_to_sigma.t')).map(table.tToSigma), SIGMA]
    case 'sigma_to_t.t':
      return async (input) => [(await input('sigma_to_t.sigma')).map(table.sigmaToT), TIMESTEP]
    case 'sigma_to_t.t_quantized':
      return async (input) => [
        (await input('sigma_to_t.sigma')).map((sigma) => roundHalfToEven(table.sigmaToT(sigma))),
        TIMESTEP,
      ]
    case 'alphas_cumprod_scaled_linear':
      return () => Promise.resolve([table.alphasCumprod, SIGMA])
    case 'init_before_sigma_scaling':
      return () => Promise.resolve([[...startLatent(manifest.init).data], LATENT])
    case 'noise.first3': {
      const draws = [0, 1, 2].map((k) => formulaNoise(manifest.init.shape, manifest.noise_abc, k))
      return () => Promise.resolve([draws.flatMap(({ data }) => [...data]), LATENT])
    }
  }
  const eta = /^ancestral\.eta([\d.]+)\.down_up$/.exec(name)?.[1]
  if (eta !== undefined) {
    return async (input) => [ancestralPairs(await input('ancestral.sigma_from_to'), Number(eta)), LATENT]
  }
  const [, schedule = name, steps] = /^(.+)\.(\d+|all)$/.exec(name) ?? []
  const allowed = schedule === 'vp' ? VP_SIGMA : SIGMA
  return () => Promise.resolve([namedSigmas(schedule, Number(steps), manifest, table), allowed])
}

/** sigma_down, sigma_up for each pair of levels. */
function ancestralPairs(fromTo: Values, eta: number): number[] {
  return fromTo.flatMap((from, i) => {
    if (i % 2 === 1) return []
    const { sigmaDown, sigmaUp } = ancestralStep(from, fromTo[i + 1] ?? NaN, eta)
    return [sigmaDown, sigmaUp]
  })
}
