import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { Job } from '../contract/job.ts'
import type { KeptJob } from '../contract/job-store.ts'
import { newJob } from '../queue/transitions.ts'
import { connect } from './database.ts'
import { jobStore } from './job-store.ts'
import { linesLogger, ORIGIN, REQUEST, stage, testGalleries } from './test-gallery.ts'

const testGallery = testGalleries(onTestFinished)

function keptJob(changed: Partial<Job> = {}, starts = 0): KeptJob {
  return { job: { ...newJob(randomUUID(), randomUUID(), REQUEST, 5), ...changed }, starts }
}

test('jobs come back whole and in order, without their progress', async () => {
  const world = await testGallery()
  const failure = { code: 'out-of-memory', message: 'expected 4 GB, found 2', field: 'widthPx' } as const
  const jobs = [
    keptJob({ state: 'failed', failure, startedAt: 6, finishedAt: 7, note: 'started again' }, 2),
    keptJob(),
    keptJob({ state: 'done', imageId: randomUUID(), startedAt: 8, finishedAt: 9 }, 1),
  ]
  const store = world.gallery.jobStore()
  const progress = { stage: 'denoising', step: 3, steps: 20, loaded: 1, secondsLeft: 4 } as const
  store.insert(jobs.map(({ job, starts }) => ({ job: { ...job, progress }, starts })))
  expect(store.takeOver()).toEqual(jobs)
  for (const { job } of store.takeOver()) expect(Job.parse(job)).toEqual(job)
  const after = (await world.reopen()).jobStore()
  expect(after.takeOver()).toEqual(jobs)
})

test('an update keeps a job’s place', async () => {
  const { gallery } = await testGallery()
  const store = gallery.jobStore()
  const [first, second] = [keptJob(), keptJob()]
  store.insert([first, second])
  store.update([keptJob({ ...first.job, state: 'cancelled', finishedAt: 9 }, 1)])
  expect(store.takeOver().map(({ job, starts }) => [job.id, job.state, starts])).toEqual([
    [first.job.id, 'cancelled', 1],
    [second.job.id, 'waiting', 0],
  ])
  store.remove([first.job.id])
  expect(store.takeOver()).toEqual([second])
})

test('the waiting jobs of a living session stay its own; ended ones are everyone’s', async () => {
  const first = await testGallery()
  const second = await testGallery(first.options)
  const jobs = [keptJob(), keptJob({ state: 'running' }, 1), keptJob({ state: 'done' }, 1)]
  first.gallery.jobStore().insert(jobs)
  expect(second.gallery.jobStore().takeOver()).toEqual([jobs[2]])
  await first.gallery.close()
  expect(second.gallery.jobStore().takeOver()).toEqual(jobs)
  const third = await testGallery(first.options)
  expect(third.gallery.jobStore().takeOver()).toEqual([jobs[2]])
})

test('a running job whose picture was adopted knows it, from staging too', async () => {
  const world = await testGallery()
  const [adopted, staged, lost] = [1, 2, 3].map(() => keptJob({ state: 'running' }, 1))
  if (!adopted || !staged || !lost) throw new Error('expected three jobs')
  world.gallery.jobStore().insert([adopted, staged, lost])
  const folder = world.gallery.stagingFolder(adopted.job.id)
  stage(folder, REQUEST)
  const result = {
    pictureName: 'picture.png',
    thumbnailName: '',
    widthPx: 64,
    heightPx: 72,
    sizeBytes: 0,
    origin: ORIGIN,
    durationMs: 1234,
  }
  const { id } = world.gallery.adopt(result, folder, REQUEST)
  const dead = join(world.options.galleryFolder, '.staging', randomUUID(), staged.job.id)
  mkdirSync(dead, { recursive: true })
  stage(dead, REQUEST)
  const taken = (await world.reopen()).jobStore().takeOver()
  const images = taken.map(({ job }) => job.imageId)
  expect(images[0]).toBe(id)
  expect(world.gallery.details(images.flatMap((image) => image ?? []))).toHaveLength(2)
  expect(images[2]).toBeNull()
})

test('a row that does not parse is left out and left there', async () => {
  const world = await testGallery()
  const [broken, sound] = [keptJob(), keptJob()]
  world.gallery.jobStore().insert([broken, sound])
  await world.gallery.close()
  const database = new Database(join(world.options.dataFolder, 'studio.sqlite'))
  database
    .prepare(`UPDATE jobs SET request = json_set(request, '$.sampler', 'of-tomorrow') WHERE id = ?`)
    .run(broken.job.id)
  database.close()
  const store = (await world.reopen()).jobStore()
  expect(store.takeOver()).toEqual([sound])
  expect(world.lines.join('\n')).toMatch(`the job ${broken.job.id} was left out`)
})

test('jobs are all added or none', async () => {
  const { gallery } = await testGallery()
  const store = gallery.jobStore()
  const job = keptJob()
  expect(() => store.insert([keptJob(), job, job])).toThrow(/UNIQUE/)
  expect(store.takeOver()).toEqual([])
})

test('a full disk is disk-full, and adds no job', () => {
  const { database } = connect(':memory:', linesLogger([]))
  const session = { id: randomUUID(), isAlive: () => false, close: () => undefined }
  const store = jobStore(database, session, linesLogger([]))
  database.pragma(`max_page_count = ${Number(database.pragma('page_count', { simple: true }))}`)
  const large = keptJob({ request: { ...REQUEST, prompt: 'x'.repeat(19_000) } })
  expect(() => store.insert([keptJob(), large])).toThrow(expect.objectContaining({ code: 'disk-full' }))
  expect(store.takeOver()).toEqual([])
  database.close()
})
