import { expect, test } from 'vitest'
import { StageClock } from './stages.ts'

test('a stage lasts from its first report to that of the next, the last one to the end', () => {
  const clock = new StageClock()
  clock.reach('loading', 100)
  clock.reach('loading', 120)
  clock.reach('encoding', 150)
  clock.reach('denoising', 153)
  clock.reach('denoising', 900)
  clock.reach('decoding', 1000)
  clock.reach('saving', 1030)
  expect(clock.startMs).toBe(100)
  expect(clock.times(1040)).toEqual({ loading: 50, encoding: 3, denoising: 847, decoding: 30, saving: 10 })
})
