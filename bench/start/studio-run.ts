import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { FromStudio, GenerationTask, ToStudio } from '../../main/contract/studio.ts'
import { StageClock } from './stages.ts'
import type { StageTimes } from './stages.ts'

export interface StudioTimes {
  /** From the fork to the process's word that it is ready. */
  readonly processMs: number
  /** The first picture, from the order to the files. */
  readonly first: StageTimes
  /** The same once more in the same process. */
  readonly again: StageTimes
}

/** A fresh studio process makes the same picture twice. */
export async function timeStudioProcess(entry: string, makeTask: () => GenerationTask): Promise<StudioTimes> {
  const startMs = performance.now()
  const child = fork(entry, [], {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => {
        resolve()
      })
      child.once('exit', () => {
        reject(new Error(`${entry}: expected the studio process to be ready, found that it ended`))
      })
    })
    const processMs = performance.now() - startMs
    return { processMs, first: await timePicture(child, makeTask()), again: await timePicture(child, makeTask()) }
  } finally {
    const exited = once(child, 'exit')
    if (child.kill('SIGKILL')) await exited
  }
}

function timePicture(child: ChildProcess, task: GenerationTask): Promise<StageTimes> {
  const clock = new StageClock()
  return new Promise((resolve, reject) => {
    const hear = (message: FromStudio): void => {
      if (message.type === 'progress') clock.reach(message.progress.stage, performance.now())
      if (message.type === 'done') {
        child.off('message', hear)
        resolve(clock.times(performance.now()))
      }
      if (message.type === 'failed') reject(new Error(message.failure.message))
    }
    child.on('message', hear)
    child.send({ type: 'generate', task } satisfies ToStudio)
  })
}
