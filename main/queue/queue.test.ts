import { randomUUID } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { StudioError } from '../contract/failure.ts'
import { LIMITS } from '../contract/generation.ts'
import type { ImageId } from '../contract/image.ts'
import { Job, type JobId, type Progress } from '../contract/job.ts'
import type { JobStore } from '../contract/job-store.ts'
import { linesLogger, REQUEST, testGalleries } from '../gallery/test-gallery.ts'
import { JobQueue } from './queue.ts'

const testGallery = testGalleries(onTestFinished)

const PROGRESS: Progress = { stage: 'denoising', step: 1, steps: 20, loaded: 1, secondsLeft: 19 }

/** A run in progress that the test ends. */
interface Run {
  readonly job: Job
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
  readonly onNote: (note: string) => void
  readonly finish: (imageId?: ImageId) => Promise<void>
  readonly fail: (error: Error) => Promise<void>
}

interface World {
  queue: JobQueue
  readonly runs: Run[]
  readonly told: Job[]
  readonly removed: JobId[]
  readonly lines: string[]
  readonly store: () => JobStore
  /** The run that is going on. */
  readonly current: () => Run
  /** What list() says, shortly: seed and state. */
  readonly states: () => string[]
  /** Leaves the queue as a killed process does, and makes another on the same database. */
  readonly crash: () => Promise<void>
}

async function world(): Promise<World> {
  const gallery = await testGallery()
  const runs: Run[] = []
  const told: Job[] = []
  const removed: JobId[] = []
  const lines: string[] = []
  const open = (): JobQueue =>
    new JobQueue({
      store: gallery.gallery.jobStore(),
      run: (job, { signal, onProgress, onNote }) =>
        new Promise((resolve, reject) => {
          runs.push({
            job,
            signal,
            onProgress,
            onNote,
            finish: (imageId = randomUUID()) => settled(() => resolve(imageId)),
            fail: (error) => settled(() => reject(error)),
          })
        }),
      logger: linesLogger(lines),
      onChange: (job) => told.push(job),
      onRemoved: (ids) => removed.push(...ids),
    })
  const made: World = {
    queue: open(),
    runs,
    told,
    removed,
    lines,
    store: () => gallery.gallery.jobStore(),
    current: () => {
      const run = runs.at(-1)
      if (run === undefined) throw new Error('expected a run, found none')
      return run
    },
    states: () => made.queue.list().map(({ request, state }) => `${request.seed} ${state}`),
    crash: async () => {
      await gallery.reopen()
      made.queue = open()
      made.queue.start()
    },
  }
  made.queue.start()
  return made
}

// The queue goes on in the promises that follow the run's.
async function settled(act: () => void): Promise<void> {
  act()
  for (let i = 0; i < 10; i++) await Promise.resolve()
}

describe('enqueueing', () => {
  test('makes a batch of jobs with seeds that count up, and runs them one at a time, in order', async () => {
    const { queue, runs, states, current } = await world()
    const ids = queue.enqueue({ request: REQUEST, count: 3 })
    expect(queue.list().map(({ id }) => id)).toEqual(ids)
    expect(new Set(queue.list().map(({ batch }) => batch)).size).toBe(1)
    expect(states()).toEqual(['7 running', '8 waiting', '9 waiting'])
    await current().finish()
    expect(states()).toEqual(['7 done', '8 running', '9 waiting'])
    await current().finish()
    await current().finish()
    expect(states()).toEqual(['7 done', '8 done', '9 done'])
    expect(runs.map(({ job }) => job.request)).toEqual([7, 8, 9].map((seed) => ({ ...REQUEST, seed })))
  })

  test('starts over at the smallest seed after the largest', async () => {
    const { queue } = await world()
    queue.enqueue({ request: { ...REQUEST, seed: LIMITS.seed.max - 1 }, count: 4 })
    expect(queue.list().map(({ request }) => request.seed)).toEqual([LIMITS.seed.max - 1, LIMITS.seed.max, 0, 1])
  })

  test('adds nothing when the jobs cannot be kept', async () => {
    const { store, runs, told } = await world()
    const full = (): never => {
      throw new StudioError('disk-full', 'expected room on the disk for the queue, found none')
    }
    const queue = new JobQueue({
      store: { ...store(), insert: full },
      run: () => Promise.reject(new Error('not asked for')),
      logger: linesLogger([]),
    })
    expect(() => queue.enqueue({ request: REQUEST, count: 2 })).toThrow(expect.objectContaining({ code: 'disk-full' }))
    expect([queue.list(), runs, told]).toEqual([[], [], []])
  })

  test('waits for start', async () => {
    const { store } = await world()
    const seeds: number[] = []
    const run = (job: Job): Promise<ImageId> => {
      seeds.push(job.request.seed)
      return Promise.resolve(randomUUID())
    }
    const queue = new JobQueue({ store: store(), run, logger: linesLogger([]) })
    queue.enqueue({ request: REQUEST, count: 2 })
    await queue.idle()
    expect(seeds).toEqual([])
    queue.start()
    await queue.idle()
    expect(seeds).toEqual([7, 8])
  })
})

describe('a job', () => {
  test('is told of at each change, with times, progress while it runs, and its picture at the end', async () => {
    const { queue, told, current } = await world()
    const [id] = queue.enqueue({ request: REQUEST, count: 1 })
    current().onProgress(PROGRESS)
    const imageId = randomUUID()
    await current().finish(imageId)
    expect(told.map(({ state, progress }) => [state, progress])).toEqual([
      ['waiting', null],
      ['running', null],
      ['running', PROGRESS],
      ['done', null],
    ])
    for (const job of told) expect(Job.parse(job)).toMatchObject({ id })
    const done = queue.list()[0]
    expect(done).toMatchObject({ imageId, failure: null })
    expect(done?.createdAt).toBeLessThanOrEqual(done?.startedAt ?? 0)
    expect(done?.startedAt).toBeLessThanOrEqual(done?.finishedAt ?? 0)
  })

  test('says what of it was not as asked, also when the studio opens again', async () => {
    const { queue, current, store } = await world()
    queue.enqueue({ request: REQUEST, count: 1 })
    current().onNote('The prompt was not heeded.')
    current().onNote('Nor was the LoRA.')
    await current().finish()
    expect(queue.list()[0]?.note).toBe('The prompt was not heeded. Nor was the LoRA.')
    expect(store().takeOver()[0]?.job.note).toBe('The prompt was not heeded. Nor was the LoRA.')
  })

  test('fails with what the run threw, and the next one runs', async () => {
    const { queue, current, states, lines } = await world()
    queue.enqueue({ request: REQUEST, count: 2 })
    await current().fail(new StudioError('model-missing', 'expected the model foo, found none', { field: 'model' }))
    expect(states()).toEqual(['7 failed', '8 running'])
    expect(queue.list()[0]?.failure).toEqual({
      code: 'model-missing',
      message: 'expected the model foo, found none',
      field: 'model',
    })
    expect(lines.join('\n')).toMatch(/failed .*expected the model foo/)
    await current().fail(new TypeError('x is not a function'))
    expect(queue.list()[1]?.failure).toMatchObject({ code: 'internal', message: 'x is not a function' })
  })

  test('fails when the run throws before it returns a promise', async () => {
    const { store } = await world()
    const run = (): never => {
      throw new Error('at once')
    }
    const queue = new JobQueue({ store: store(), run, logger: linesLogger([]) })
    queue.start()
    queue.enqueue({ request: REQUEST, count: 1 })
    await queue.idle()
    expect(queue.list()[0]?.failure?.message).toBe('at once')
  })

  test('that has ended hears no more progress', async () => {
    const { queue, current, told } = await world()
    queue.enqueue({ request: REQUEST, count: 1 })
    const run = current()
    await run.finish()
    const before = told.length
    run.onProgress(PROGRESS)
    expect(told).toHaveLength(before)
    expect(queue.list()[0]?.state).toBe('done')
  })

  test('runs on although a listener throws', async () => {
    const { store } = await world()
    const lines: string[] = []
    const queue = new JobQueue({
      store: store(),
      run: () => Promise.resolve(randomUUID()),
      logger: linesLogger(lines),
      onChange: () => {
        throw new Error('the window is gone')
      },
    })
    queue.start()
    queue.enqueue({ request: REQUEST, count: 2 })
    await queue.idle()
    expect(queue.list().map(({ state }) => state)).toEqual(['done', 'done'])
    expect(lines[0]).toMatch(/the window is gone/)
  })
})

describe('cancelling', () => {
  test('a waiting job is cancelled at once', async () => {
    const { queue, states, current } = await world()
    const [, second = ''] = queue.enqueue({ request: REQUEST, count: 3 })
    queue.cancel(second)
    expect(states()).toEqual(['7 running', '8 cancelled', '9 waiting'])
    await current().finish()
    expect(states()).toEqual(['7 done', '8 cancelled', '9 running'])
  })

  test('a running job is told by its signal and is cancelled when its run has stopped', async () => {
    const { queue, states, current } = await world()
    const [first = ''] = queue.enqueue({ request: REQUEST, count: 2 })
    const run = current()
    queue.cancel(first)
    queue.cancel(first)
    expect(run.signal.aborted).toBe(true)
    expect(states()).toEqual(['7 running', '8 waiting'])
    await run.fail(new StudioError('runtime-crashed', 'the studio process was ended'))
    expect(states()).toEqual(['7 cancelled', '8 running'])
    expect(queue.list()[0]?.failure).toBeNull()
    expect(current().signal.aborted).toBe(false)
  })

  test('a run that says it was cancelled is cancelled, not failed', async () => {
    const { queue, states, current } = await world()
    queue.enqueue({ request: REQUEST, count: 1 })
    await current().fail(new StudioError('cancelled', 'stopped'))
    expect(states()).toEqual(['7 cancelled'])
  })

  test('a run that finished all the same keeps its picture', async () => {
    const { queue, current } = await world()
    const [id = ''] = queue.enqueue({ request: REQUEST, count: 1 })
    const imageId = randomUUID()
    queue.cancel(id)
    await current().finish(imageId)
    expect(queue.list()[0]).toMatchObject({ state: 'done', imageId })
  })

  test('all: the running one and those that wait, and no other starts', async () => {
    const { queue, states, current, runs } = await world()
    queue.enqueue({ request: REQUEST, count: 4 })
    await current().finish()
    queue.cancelAll()
    expect(states()).toEqual(['7 done', '8 running', '9 cancelled', '10 cancelled'])
    await current().fail(new StudioError('cancelled', 'stopped'))
    expect(states()).toEqual(['7 done', '8 cancelled', '9 cancelled', '10 cancelled'])
    expect(runs).toHaveLength(2)
  })

  test('a job that has ended is left as it is, and an unknown one is not-found', async () => {
    const { queue, states, current } = await world()
    const [id = ''] = queue.enqueue({ request: REQUEST, count: 1 })
    await current().finish()
    queue.cancel(id)
    expect(states()).toEqual(['7 done'])
    expect(() => queue.cancel(randomUUID())).toThrow(expect.objectContaining({ code: 'not-found' }))
  })

  test('holds although the studio dies before the run has stopped', async () => {
    const made = await world()
    const [id = ''] = made.queue.enqueue({ request: REQUEST, count: 1 })
    made.queue.cancel(id)
    await made.crash()
    expect(made.states()).toEqual(['7 cancelled'])
    expect(made.runs).toHaveLength(1)
  })
})

describe('retrying', () => {
  test('adds a new job with the same request', async () => {
    const { queue, current, states } = await world()
    const [id = ''] = queue.enqueue({ request: REQUEST, count: 1 })
    await current().fail(new Error('once'))
    const again = queue.retry(id)
    expect(again).not.toBe(id)
    expect(states()).toEqual(['7 failed', '7 running'])
    expect(current().job.request).toEqual(REQUEST)
  })

  test('is for jobs that have ended', async () => {
    const { queue } = await world()
    const [running = '', waiting = ''] = queue.enqueue({ request: REQUEST, count: 2 })
    for (const id of [running, waiting]) {
      expect(() => queue.retry(id)).toThrow(expect.objectContaining({ code: 'invalid-request' }))
    }
    expect(() => queue.retry(randomUUID())).toThrow(expect.objectContaining({ code: 'not-found' }))
  })
})

describe('forgetting', () => {
  test('removes what has ended, for good', async () => {
    const made = await world()
    const ids = made.queue.enqueue({ request: REQUEST, count: 3 })
    await made.current().finish()
    made.queue.cancel(ids[2] ?? '')
    made.queue.clearFinished()
    expect(made.states()).toEqual(['8 running'])
    expect(made.removed).toEqual([ids[0], ids[2]])
    await made.crash()
    expect(made.states()).toEqual(['8 running'])
  })

  test('keeps the last 200 that have ended', async () => {
    const { queue, removed } = await world()
    const ids = [64, 64, 64, 20].flatMap((count) => queue.enqueue({ request: REQUEST, count }))
    queue.cancelAll()
    expect(queue.list()).toHaveLength(201)
    expect(removed).toEqual(ids.slice(1, 12))
  })
})

describe('after the studio died', () => {
  test('the job that was running runs first, from its start, with a note; the others keep their order', async () => {
    const made = await world()
    made.queue.enqueue({ request: REQUEST, count: 3 })
    await made.current().finish()
    made.current().onProgress(PROGRESS)
    await made.crash()
    expect(made.states()).toEqual(['7 done', '8 running', '9 waiting'])
    expect(made.current().job.request).toEqual({ ...REQUEST, seed: 8 })
    expect(made.queue.list()[1]).toMatchObject({
      progress: null,
      note: expect.stringMatching(/starts again/) as string,
    })
    await made.current().finish()
    await made.current().finish()
    expect(made.states()).toEqual(['7 done', '8 done', '9 done'])
  })

  test('a job that took it down three times is failed and says why; the next one runs', async () => {
    const made = await world()
    made.queue.enqueue({ request: REQUEST, count: 2 })
    await made.crash()
    await made.crash()
    expect(made.states()).toEqual(['7 running', '8 waiting'])
    await made.crash()
    expect(made.states()).toEqual(['7 failed', '8 running'])
    expect(made.queue.list()[0]?.failure).toEqual({
      code: 'runtime-crashed',
      message: 'The studio ended 3 times while this was running, so it was not started again.',
    })
    expect(made.runs.map(({ job }) => job.request.seed)).toEqual([7, 7, 7, 8])
  })

  test('a job whose picture was adopted is done, and is not made twice', async () => {
    const { store } = await world()
    const kept = store()
    const [imageId, runs] = [randomUUID(), [] as Job[]]
    const first = new JobQueue({ store: kept, run: () => new Promise(() => undefined), logger: linesLogger([]) })
    first.start()
    first.enqueue({ request: REQUEST, count: 1 })
    const queue = new JobQueue({
      store: {
        ...kept,
        takeOver: () => kept.takeOver().map(({ job, starts }) => ({ job: { ...job, imageId }, starts })),
      },
      run: (job) => Promise.resolve(runs.push(job)).then(() => imageId),
      logger: linesLogger([]),
    })
    queue.start()
    await queue.idle()
    expect(runs).toEqual([])
    expect(queue.list()).toMatchObject([{ state: 'done', imageId }])
    expect(kept.takeOver()).toMatchObject([{ job: { state: 'done', imageId } }])
  })
})

describe('closing', () => {
  test('puts the running job back, waits for its run, and starts nothing', async () => {
    const made = await world()
    made.queue.enqueue({ request: REQUEST, count: 2 })
    const run = made.current()
    let isClosed = false
    const closing = made.queue.close().then(() => (isClosed = true))
    expect(run.signal.aborted).toBe(true)
    await settled(() => undefined)
    expect(isClosed).toBe(false)
    await run.fail(new StudioError('cancelled', 'stopped'))
    await closing
    expect(made.states()).toEqual(['7 waiting', '8 waiting'])
    await made.crash()
    expect(made.states()).toEqual(['7 running', '8 waiting'])
    expect(made.queue.list()[0]?.note).toMatch(/was closed while this was running/)
  })

  test('does not count as dying, however often', async () => {
    const made = await world()
    made.queue.enqueue({ request: REQUEST, count: 1 })
    for (let i = 0; i < 5; i++) {
      const closing = made.queue.close()
      await made.current().fail(new StudioError('cancelled', 'stopped'))
      await closing
      await made.crash()
    }
    expect(made.states()).toEqual(['7 running'])
  })

  test('has the job waiting in the store before the run has stopped', async () => {
    const made = await world()
    made.queue.enqueue({ request: REQUEST, count: 1 })
    const stuck = made.current()
    void made.queue.close()
    expect(made.store().takeOver()).toMatchObject([{ job: { state: 'waiting' }, starts: 0 }])
    onTestFinished(() => stuck.fail(new Error('stopped')))
  })

  test('keeps a picture that is finished meanwhile, and a cancelled job cancelled', async () => {
    const made = await world()
    const [first = '', second = ''] = made.queue.enqueue({ request: REQUEST, count: 3 })
    made.queue.cancel(first)
    await made.current().fail(new StudioError('cancelled', 'stopped'))
    const closing = made.queue.close()
    await made.current().finish()
    await closing
    expect(made.states()).toEqual(['7 cancelled', '8 done', '9 waiting'])
    expect(made.queue.list()[1]?.id).toBe(second)
  })
})

test('a state that cannot be written does not stop the queue', async () => {
  const { store } = await world()
  const lines: string[] = []
  const update = (): never => {
    throw new StudioError('disk-full', 'expected room on the disk for the queue, found none')
  }
  const run = (): Promise<ImageId> => Promise.resolve(randomUUID())
  const queue = new JobQueue({ store: { ...store(), update }, run, logger: linesLogger(lines) })
  queue.start()
  queue.enqueue({ request: REQUEST, count: 2 })
  await queue.idle()
  expect(queue.list().map(({ state }) => state)).toEqual(['done', 'done'])
  expect(lines.join('\n')).toMatch(/a state was not written .*expected room/)
})
