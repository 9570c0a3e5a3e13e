import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Runs `action` while another program keeps one core busy, as a browser or a build would. */
export async function besideBusyProgram<T>(action: () => Promise<T>): Promise<T> {
  const program = spawn(process.execPath, ['--eval', 'process.stdout.write(" "); for (;;);'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const exited = once(program, 'exit')
  await once(program.stdout, 'data')
  try {
    return await action()
  } finally {
    program.kill('SIGKILL')
    await exited
  }
}
