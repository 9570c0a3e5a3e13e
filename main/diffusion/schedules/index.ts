import type { ScheduleId } from '../../contract/generation.ts'
import { alignYourStepsSd1, alignYourStepsSdxl } from './align-your-steps.ts'
import { beta } from './beta.ts'
import { ddimUniform } from './ddim-uniform.ts'
import { exponential } from './exponential.ts'
import { karras } from './karras.ts'
import { normal } from './normal.ts'
import { polyexponential } from './polyexponential.ts'
import type { Schedule } from './schedule.ts'
import { sgmUniform } from './sgm-uniform.ts'
import { simple } from './simple.ts'

/** With 1 it would be exponential. */
const POLYEXPONENTIAL_RHO = 1.5

export const schedules = {
  normal,
  // The plan spaces the model's own timesteps so; the walk is the same.
  trailing: normal,
  karras: karras(),
  exponential,
  polyexponential: polyexponential(POLYEXPONENTIAL_RHO),
  'sgm-uniform': sgmUniform,
  simple,
  'ddim-uniform': ddimUniform,
  beta,
  'ays-sd1': alignYourStepsSd1,
  'ays-sdxl': alignYourStepsSdxl,
} satisfies Record<ScheduleId, Schedule>
