import { ramp } from './schedule.ts'
import type { RangeSchedule } from './schedule.ts'

/** The authors' levels for ten steps of Stable Diffusion 1.5 and of XL; the last is the end of the table they share. */
const SD1 = [
  14.6146412293, 6.4745760956, 3.8636745985, 2.694615152, 1.8841921177, 1.3943805092, 0.9642583904, 0.6523686016,
  0.3977456272, 0.1515232662, 0.0291671582,
]
const SDXL = [
  14.6146412293, 6.3184485287, 3.7681790315, 2.1811480769, 1.3405244945, 0.8620721141, 0.5550693289, 0.3798540708,
  0.2332364134, 0.1114188177, 0.0291671582,
]

/**
 * Levels optimised for few steps; other counts lie between them in log sigma, as the authors recommend. Sabour et al. 2024
 * (arXiv 2404.14507). On a table with other ends they are stretched to those.
 */
export const alignYourStepsSd1 = alignYourSteps(SD1)
export const alignYourStepsSdxl = alignYourSteps(SDXL)

function alignYourSteps(levels: readonly number[]): RangeSchedule {
  const logs = levels.map(Math.log)
  const [first = NaN] = logs
  const last = logs.at(-1) ?? NaN
  return (count, sigmaMin, sigmaMax) => {
    const stretch = Math.log(sigmaMax / sigmaMin) / (first - last)
    return ramp(0, logs.length - 1, count + 1)
      .slice(0, count)
      .map((at) => {
        const [a = NaN, b = a] = logs.slice(Math.floor(at))
        return sigmaMax * Math.exp((a + (at - Math.floor(at)) * (b - a) - first) * stretch)
      })
  }
}
