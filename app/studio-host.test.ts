import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { StudioError, toFailure } from '../main/contract/failure.ts'
import type { GenerationTask } from '../main/contract/studio.ts'
import { forkNode } from './studio-child.ts'
import { StudioHost } from './studio-host.ts'

const entry = join(import.meta.dirname, 'fixtures', 'scripted-studio.ts')
const opened: StudioHost[] = []

afterEach(async () => {
  delete process.env['SCRIPTED_STUDIO']
  await Promise.all(opened.splice(0).map((host) => host.close()))
})

interface Patience {
  startTimeoutMs?: number
  cancelPatienceMs?: number
  idleReleaseMs?: number
}

function openHost(patience: Patience = {}): { host: StudioHost; log: string[] } {
  const log: string[] = []
  const write = (line: string): void => void log.push(line)
  const host = new StudioHost({
    entry,
    fork: forkNode,
    logger: { info: write, warn: write, error: write },
    ...patience,
  })
  opened.push(host)
  return { host, log }
}

let count = 0

function task(prompt: string): GenerationTask {
  count += 1
  return {
    jobId: `00000000-0000-4000-8000-${String(count).padStart(12, '0')}`,
    modelPath: '/models/none',
    inputPaths: {},
    partPaths: {},
    embeddings: [],
    stagingFolder: '/staging',
    threads: null,
    showPreviews: true,
    batchGuidance: true,
    request: {
      model: 'none',
      prompt,
      negativePrompt: '',
      seed: 0,
      steps: 4,
      guidanceScale: 1,
      widthPx: 64,
      heightPx: 64,
      sampler: 'euler',
      schedule: 'normal',
      init: null,
    },
  }
}

interface Started {
  result: Promise<number>
  /** Resolves when the run has begun in the child. */
  begun: Promise<void>
  cancel: () => void
  heard: string[]
}

/** A run whose result is the pid it was made in. */
function start(host: StudioHost, prompt: string): Started {
  const controller = new AbortController()
  const begun = Promise.withResolvers<undefined>()
  const heard: string[] = []
  const result = host.run(task(prompt), {
    signal: controller.signal,
    onProgress: (progress) => {
      heard.push(`${progress.stage} ${progress.step} of ${progress.steps}`)
      begun.resolve(undefined)
    },
    onPreview: (step, dataUrl) => void heard.push(`preview ${step} ${dataUrl}`),
  })
  return {
    result: result.then((made) => made.sizeBytes),
    begun: begun.promise,
    cancel: () => {
      controller.abort()
    },
    heard,
  }
}

async function failureOf(promise: Promise<unknown>): Promise<ReturnType<typeof toFailure>> {
  try {
    await promise
  } catch (error) {
    if (error instanceof StudioError) return toFailure(error)
    throw error
  }
  throw new Error('expected a failure')
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a run answers with its result and tells its progress and previews', async () => {
  const { host } = openHost()
  const run = start(host, 'a fox')
  expect(await run.result).toBeGreaterThan(0)
  expect(run.heard).toEqual(['denoising 1 of 4', 'preview 1 data:image/png;base64,'])
  expect(host.runtime).toBe('scripted 1.0')
})

test('a failure of the run arrives with its code and field, and the process goes on', async () => {
  const { host } = openHost()
  const pid = await start(host, 'a fox').result
  expect(await failureOf(start(host, 'refuse').result)).toEqual({
    code: 'checkpoint-unsupported',
    message: 'expected 4 channels, found 9',
    field: 'model',
  })
  expect(await start(host, 'a fox').result).toBe(pid)
})

test('a native abort fails the run with the signal and what was printed, and the next run has a new process', async () => {
  const { host, log } = openHost()
  const pid = await start(host, 'a fox').result
  const failure = await failureOf(start(host, 'crash').result)
  expect(failure.code).toBe('runtime-crashed')
  expect(failure.message).toContain(process.platform === 'win32' ? 'exit code' : 'signal SIGABRT')
  expect(failure.details).toContain('the allocator met a page it did not own')
  expect(log.join('\n')).toContain('the allocator met a page it did not own')
  const next = await start(host, 'a fox').result
  expect(next).not.toBe(pid)
})

test('a process killed from outside mid-run fails that run and is replaced', async () => {
  const { host } = openHost()
  const pid = await start(host, 'a fox').result
  const run = start(host, 'wait')
  await run.begun
  process.kill(pid, 'SIGKILL')
  expect((await failureOf(run.result)).code).toBe('runtime-crashed')
  expect(await start(host, 'a fox').result).not.toBe(pid)
})

test('an exit code is named', async () => {
  const { host } = openHost()
  expect((await failureOf(start(host, 'exit 3').result)).message).toContain('exit code 3')
})

test('a process that cannot start fails the run with its last words, and is tried again for the next', async () => {
  const { host } = openHost()
  process.env['SCRIPTED_STUDIO'] = 'cannot-start'
  const failure = await failureOf(start(host, 'a fox').result)
  expect(failure.code).toBe('runtime-crashed')
  expect(failure.details).toContain('libnative.so')
  delete process.env['SCRIPTED_STUDIO']
  expect(await start(host, 'a fox').result).toBeGreaterThan(0)
})

test('a process that never becomes ready is ended and says how long it had', async () => {
  const { host } = openHost({ startTimeoutMs: 300 })
  process.env['SCRIPTED_STUDIO'] = 'never-ready'
  const failure = await failureOf(start(host, 'a fox').result)
  expect(failure).toMatchObject({
    code: 'runtime-crashed',
    message: 'The process that computes pictures ended: it was not ready within 0.3 s',
  })
})

test('a cancel reaches the run, and the process keeps its networks', async () => {
  const { host } = openHost()
  const pid = await start(host, 'a fox').result
  const run = start(host, 'wait')
  await run.begun
  run.cancel()
  expect((await failureOf(run.result)).code).toBe('cancelled')
  expect(await start(host, 'a fox').result).toBe(pid)
})

test('a cancel before the process is ready ends the run at once', async () => {
  const { host } = openHost()
  const run = start(host, 'wait')
  run.cancel()
  expect((await failureOf(run.result)).code).toBe('cancelled')
})

test('a run whose signal is already aborted never starts', async () => {
  const { host } = openHost()
  const listeners = { signal: AbortSignal.abort(), onProgress: () => undefined, onPreview: () => undefined }
  expect((await failureOf(host.run(task('a fox'), listeners))).code).toBe('cancelled')
})

test('a process too busy to hear a cancel is ended when patience is over', async () => {
  const { host } = openHost({ cancelPatienceMs: 100 })
  const pid = await start(host, 'a fox').result
  const run = start(host, 'deaf')
  await run.begun
  run.cancel()
  expect((await failureOf(run.result)).code).toBe('cancelled')
  expect(isAlive(pid)).toBe(false)
})

test('an answer outside the contract ends the process instead of leaving the run waiting', async () => {
  const { host } = openHost()
  expect(await failureOf(start(host, 'gibberish').result)).toMatchObject({
    code: 'runtime-crashed',
    message: 'The process that computes pictures ended: it sent a message that is not in the contract',
  })
})

test('networks are released when nothing has run for a while, by the same process', async () => {
  const { host, log } = openHost({ idleReleaseMs: 50 })
  const pid = await start(host, 'a fox').result
  await vi.waitUntil(() => log.includes('studio process: networks released'), { timeout: 5000 })
  expect(await start(host, 'a fox').result).toBe(pid)
})

test('close ends the process and the run it had', async () => {
  const { host } = openHost()
  const pid = await start(host, 'a fox').result
  const run = start(host, 'wait')
  await run.begun
  const failure = failureOf(run.result)
  await host.close()
  expect((await failure).code).toBe('cancelled')
  expect(isAlive(pid)).toBe(false)
  expect((await failureOf(start(host, 'a fox').result)).code).toBe('cancelled')
})

test('the process ends with its parent', async () => {
  const child = fork(entry, [], { serialization: 'advanced', execArgv: [], silent: true })
  await once(child, 'message')
  child.disconnect()
  const [code] = (await once(child, 'exit')) as [number]
  expect(code).toBe(0)
})

test('closed before its process was up, it complains of nothing', async () => {
  const { host, log } = openHost()
  host.warm()
  await host.close()
  expect(log).toEqual([])
})
