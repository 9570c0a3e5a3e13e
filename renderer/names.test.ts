import { expect, test } from 'vitest'
import { durationText, failureText, progressText, sentence, sizeText } from './names.ts'

test.each([
  [0.42, '0.4 s'],
  [8.4, '8 s'],
  [59.6, '1 min 0 s'],
  [125, '2 min 5 s'],
  [3780, '1 h 3 min'],
])('%d seconds are said as %s', (seconds, text) => {
  expect(durationText(seconds)).toBe(text)
})

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [31_200, '31 kB'],
  [2_130_000_000, '2.1 GB'],
])('%d bytes are said as %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text)
})

test('progress says the step and the time left once it is measured', () => {
  const progress = { stage: 'denoising', step: 12, steps: 25, loaded: 1, secondsLeft: null } as const
  expect(progressText(progress)).toBe('Step 12 of 25')
  expect(progressText({ ...progress, secondsLeft: 8 })).toBe('Step 12 of 25 · 8 s left')
  expect(progressText({ ...progress, stage: 'loading', loaded: 0.43 })).toBe('Reading the model · 43%')
})

test('a failure’s message becomes a sentence', () => {
  expect(sentence('expected a picture, found a text')).toBe('Expected a picture, found a text.')
  expect(sentence('Is it there?')).toBe('Is it there?')
})

test('what nobody wrote for a reader goes into the details', () => {
  expect(failureText({ code: 'not-found', message: 'expected a folder, found none' })).toEqual({
    sentence: 'Expected a folder, found none.',
    details: undefined,
  })
  const { sentence: told, details } = failureText({ code: 'internal', message: 'x is undefined', details: 'at y' })
  expect(told).toMatch(/^Something went wrong inside the studio/)
  expect(details).toBe('x is undefined\nat y')
})
