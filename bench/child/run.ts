import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { allocatorEnvironment } from '../../main/runtime/allocator.ts'
import type { Tasks } from './tasks.ts'

const ENTRY = join(import.meta.dirname, 'main.ts')

/**
 * The task's result, computed in a fresh process.
 * @throws Error when the process ends without an answer; what it printed stands above
 */
export async function inChild<N extends keyof Tasks>(
  name: N,
  input: Parameters<Tasks[N]>[0],
  onStart: (pid: number) => void = () => undefined,
): Promise<Awaited<ReturnType<Tasks[N]>>> {
  const child = fork(ENTRY, [name], {
    serialization: 'advanced',
    execArgv: [],
    env: { ...process.env, ...allocatorEnvironment, NODE_NO_WARNINGS: '1' },
  })
  const exited = once(child, 'exit')
  const answered = once(child, 'message')
  if (child.pid !== undefined) onStart(child.pid)
  child.send(input)
  const first = await Promise.race([
    answered.then(([result]: unknown[]) => ({ result })),
    exited.then((end: (string | number | null)[]) => ({ end: end.find((word) => word !== null) })),
  ])
  if ('end' in first)
    throw new Error(`the child for ${name}: expected an answer, found its end (${first.end ?? 'unknown'})`)
  await exited
  return first.result as Awaited<ReturnType<Tasks[N]>>
}
