import type { SamplerId, ScheduleId } from '../../main/contract/generation.ts'
import { scheduleProblem } from '../../main/contract/sampling.ts'
import { scheduleNames } from '../names.ts'

const ALWAYS: ScheduleId = 'normal'

/** The schedule where it makes sense with the sampler and the model; else the one that always does, and why in a sentence. */
export function fittingSchedule(
  schedule: ScheduleId,
  sampler: SamplerId,
  family: string,
): { readonly schedule: ScheduleId; readonly note: string | undefined } {
  const problem = scheduleProblem(schedule, sampler, family)
  if (problem === null) return { schedule, note: undefined }
  const reason = problem.charAt(0).toLowerCase() + problem.slice(1)
  const note = `${scheduleNames[ALWAYS].label} instead of ${scheduleNames[schedule].label}: ${reason}`
  return { schedule: ALWAYS, note }
}
