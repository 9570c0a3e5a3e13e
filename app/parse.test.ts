import { expect, test } from 'vitest'
import type * as z from 'zod'
import { calls } from '../main/contract/calls.ts'
import { StudioError } from '../main/contract/failure.ts'
import { LIMITS } from '../main/contract/generation.ts'
import { parseInput } from './parse.ts'

const request = {
  model: 'starter',
  prompt: 'a red fox',
  negativePrompt: '',
  seed: 7,
  steps: 20,
  guidanceScale: 5,
  widthPx: 128,
  heightPx: 128,
  sampler: 'euler',
  schedule: 'normal',
  init: null,
}

function complaint(schema: z.ZodType, value: unknown): { field: string | undefined; message: string } {
  try {
    parseInput(schema, value)
  } catch (error) {
    if (error instanceof StudioError && error.code === 'invalid-request')
      return { field: error.field, message: error.message }
    throw error
  }
  throw new Error('expected a complaint')
}

test.each([
  [{ steps: 0 }, 'request.steps', 'steps: expected at least 1, found 0'],
  [{ steps: 2.5 }, 'request.steps', 'steps: expected a whole number, found 2.5'],
  [{ steps: 'ten' }, 'request.steps', 'steps: expected a number, found "ten"'],
  [{ widthPx: 130 }, 'request.widthPx', 'widthPx: expected a multiple of 8 pixels, found 130'],
  [{ heightPx: 8192 }, 'request.heightPx', 'heightPx: expected at most 4096, found 8192'],
  [{ seed: 2 ** 53 }, 'request.seed', `seed: expected at most ${LIMITS.seed.max}, found ${2 ** 53}`],
  [{ seed: -1 }, 'request.seed', 'seed: expected at least 0, found -1'],
  [{ guidanceScale: Number.NaN }, 'request.guidanceScale', 'guidanceScale: expected a number, found NaN'],
  [{ prompt: 'x'.repeat(20_001) }, 'request.prompt', 'prompt: expected at most 20000 characters, found 20001'],
  [
    { init: { id: '0'.repeat(64), strength: 0.5, fit: 'squeeze' } },
    'request.init.fit',
    'fit: expected crop, contain or stretch, found "squeeze"',
  ],
  [
    { init: { id: 'abc', strength: 0.5, fit: 'crop' } },
    'request.init.id',
    'id: expected 64 hexadecimal digits, found "abc"',
  ],
  [{ init: 'photo.png' }, 'request.init', 'init: expected an object, found "photo.png"'],
])('a request with %j names the field, what was expected and what was found', (change, field, message) => {
  const schema = calls['queue.enqueue'].input
  expect(complaint(schema, { request: { ...request, ...change }, count: 1 })).toEqual({ field, message })
})

test.each([
  ['queue.cancel', 'not-an-id', 'expected a UUID, found "not-an-id"'],
  ['queue.cancel', undefined, 'expected text, found nothing'],
  ['gallery.details', 7, 'expected a list, found 7'],
  [
    'gallery.details',
    new Array(201).fill('0190b2f0-0000-7000-8000-000000000000'),
    'expected at most 200 entries, found 201',
  ],
  ['studio.info', {}, 'expected nothing, found an object'],
] as const)('%s called with the wrong thing says so without naming a field', (name, input, message) => {
  expect(complaint(calls[name].input, input)).toEqual({ field: undefined, message })
})

test('a valid input passes through with defaults and nothing lost', () => {
  expect(parseInput(calls['queue.enqueue'].input, { request, count: 2 })).toEqual({ request, count: 2 })
})
