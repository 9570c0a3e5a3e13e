import type { ScheduleId } from '../../contract/generation.ts'
import { karras } from './karras.ts'
import { normal } from './normal.ts'
import type { Schedule } from './schedule.ts'

export const schedules = { normal, karras: karras() } satisfies Record<ScheduleId, Schedule>
