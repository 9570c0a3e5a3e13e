import { expect, test } from 'vitest'
import type { Job } from '../../main/contract/job.ts'
import { job } from '../fixtures/scripted-transport.ts'
import { jobNews } from './job-news.ts'

const at = (step: number): Job =>
  job({ state: 'running', progress: { stage: 'denoising', step, steps: 10, loaded: 1, secondsLeft: null } })

test('a run is told when it starts, once half-way, and when it ends', () => {
  expect(jobNews(job(), at(0))).toBe('Started: a fox')
  expect(jobNews(at(3), at(4))).toBeUndefined()
  expect(jobNews(at(4), at(5))).toBe('Half-way')
  expect(jobNews(at(5), at(6))).toBeUndefined()
  expect(jobNews(at(10), job({ state: 'done' }))).toBe('Done: a fox')
})

test('a failure is told with its reason, a cancelled run as cancelled, a cancelled wait not at all', () => {
  const failure = { code: 'out-of-memory', message: 'no memory was left' } as const
  expect(jobNews(at(2), job({ state: 'failed', failure }))).toBe('Failed: no memory was left')
  expect(jobNews(at(2), job({ state: 'cancelled' }))).toBe('Cancelled')
  expect(jobNews(job(), job({ state: 'cancelled' }))).toBeUndefined()
})
