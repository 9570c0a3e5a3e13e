import { expect, test } from 'vitest'
import { StepClock } from './estimate.ts'

function clockAfter(...durationsMs: number[]): StepClock {
  const clock = new StepClock(0)
  let now = 0
  for (const duration of durationsMs) clock.tick((now += duration))
  return clock
}

test('nothing is promised before a step has ended', () => {
  expect(clockAfter().secondsFor(10)).toBeNull()
})

test('the first step is all there is to go by at first, and is left out afterwards', () => {
  expect(clockAfter(4000).secondsFor(10)).toBe(40)
  expect(clockAfter(4000, 500).secondsFor(10)).toBe(5)
})

test('one slow step does not swing the estimate', () => {
  expect(clockAfter(900, 100, 100, 5000, 100, 100).secondsFor(20)).toBe(2)
})
