import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Stage } from '../../main/contract/job.ts'
import { projectRoot } from '../starter-task.ts'
import { StageClock } from './stages.ts'
import type { StageTimes } from './stages.ts'

export interface CommandTimes {
  /** To the command's first word: the libraries, the models, the gallery. */
  readonly processMs: number
  /** From there to the studio process's first word. */
  readonly studioMs: number
  readonly stages: StageTimes
  /** From the picture in the gallery to the end of the process. */
  readonly exitMs: number
  readonly wholeMs: number
}

/** `latent-studio generate`, as a user runs it, in a data folder of its own. */
export async function timeCommand(home: string, prompt: string, seed: number): Promise<CommandTimes> {
  const startMs = performance.now()
  const launcher = join(projectRoot, 'app', 'launch.js')
  const child = spawn(process.execPath, [launcher, 'generate', prompt, '--seed', String(seed), '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, LATENT_STUDIO_HOME: home },
  })
  const exited = once(child, 'exit')
  const clock = new StageClock()
  let startedMs = NaN
  let doneMs = NaN
  for await (const line of createInterface({ input: child.stdout })) {
    const { event, stage } = JSON.parse(line) as { event: string; stage?: Stage }
    if (event === 'started') startedMs = performance.now()
    if (stage !== undefined) clock.reach(stage, performance.now())
    if (event === 'done') doneMs = performance.now()
  }
  const [code] = (await exited) as [number | null]
  if (code !== 0 || Number.isNaN(doneMs)) {
    throw new Error(`latent-studio generate: expected a picture, found exit code ${String(code)}`)
  }
  const endMs = performance.now()
  return {
    processMs: startedMs - startMs,
    studioMs: clock.startMs - startedMs,
    stages: clock.times(doneMs),
    exitMs: endMs - doneMs,
    wholeMs: endMs - startMs,
  }
}
