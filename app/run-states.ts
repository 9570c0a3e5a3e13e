import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join, parse } from 'node:path'
import type { JobId } from '../main/contract/job.ts'

/** The files in which jobs under way keep how far they have come, one a job. */
export interface RunStates {
  path(job: JobId): string
  forget(job: JobId): void
  /** Removes what jobs left that will not go on. */
  forgetAllBut(jobs: readonly JobId[]): void
}

export function openRunStates(folder: string): RunStates {
  mkdirSync(folder, { recursive: true })
  const path = (job: JobId): string => join(folder, `${job}.safetensors`)
  return {
    path,
    forget(job) {
      rmSync(path(job), { force: true })
    },
    forgetAllBut(jobs) {
      const kept = new Set<string>(jobs)
      for (const name of readdirSync(folder)) {
        if (!kept.has(parse(name).name)) rmSync(join(folder, name), { force: true })
      }
    },
  }
}
