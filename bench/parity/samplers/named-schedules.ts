import { noiseTable } from '../../../main/diffusion/noise-table.ts'
import type { NoiseTable } from '../../../main/diffusion/noise-table.ts'
import { planSampling } from '../../../main/diffusion/plan.ts'
import { exponential } from '../../../main/diffusion/schedules/exponential.ts'
import { karras } from '../../../main/diffusion/schedules/karras.ts'
import { polyexponential } from '../../../main/diffusion/schedules/polyexponential.ts'
import type { RangeSchedule } from '../../../main/diffusion/schedules/schedule.ts'
import { variancePreserving } from '../../../main/diffusion/schedules/variance-preserving.ts'

/** Stable Diffusion's forward process, which the k-diffusion references use throughout. */
const stableDiffusion = {
  trainTimesteps: 1000,
  betaSchedule: 'scaled_linear',
  betaStart: 0.00085,
  betaEnd: 0.012,
  trainedBetas: null,
  rescaleZeroSnr: false,
  timestepSpacing: 'linspace',
  stepsOffset: 0,
  setAlphaToOne: true,
} as const

export function stableDiffusionTable(): NoiseTable {
  return noiseTable(stableDiffusion)
}

/** The levels of a schedule by the reference's name for it, such as karras, karras_rho5 or polyexponential1.5; the last is 0. */
export function namedSigmas(
  name: string,
  steps: number,
  ends: { sigma_min: number; sigma_max: number },
  table: NoiseTable,
): readonly number[] {
  if (name === 'discrete') {
    if (Number.isNaN(steps)) return [...table.sigmas.toReversed(), 0]
    const rules = { interpolation: 'log' } as const
    return planSampling(stableDiffusion, { sampler: 'euler', schedule: 'normal', steps, rules }).sigmas
  }
  return [...scheduleOf(name)(steps, ends.sigma_min, ends.sigma_max), 0]
}

function scheduleOf(name: string): RangeSchedule {
  const [, family, rho] = /^([a-z]+)(?:_rho)?([\d.]+)?$/.exec(name) ?? []
  switch (family) {
    case 'karras':
      return karras(rho === undefined ? 7 : Number(rho))
    case 'exponential':
      return exponential
    case 'polyexponential':
      return polyexponential(Number(rho))
    case 'vp':
      return variancePreserving()
    default:
      throw new Error(`expected a schedule of k-diffusion, found ${name}`)
  }
}
