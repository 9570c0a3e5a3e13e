import { expect, test } from 'vitest'
import type { ImageOrigin } from './image.ts'
import { originDifferences, verificationSentence, type Verification } from './verification.ts'

const origin: ImageOrigin = {
  modelName: 'Starter',
  family: 'sd1',
  predictionType: 'v',
  appVersion: '1.0.0',
  runtime: 'onnxruntime 1.30',
  record: { layers: {}, provider: 'cpu', processor: 'one', architecture: 'x64', threads: null },
}

function verification(patch: Partial<Verification> = {}): Verification {
  const pixels = { largest: 0, mean: 0 }
  return { isSameFile: false, layers: [], firstDifference: null, pixels, then: origin, now: origin, ...patch }
}

test.each([
  [{ isSameFile: true }, 'The same file, byte for byte.'],
  [{}, 'The same pixels, in another file.'],
  [
    { firstDifference: 'noise' as const, pixels: { largest: 12, mean: 0.5 } },
    'The two part at the first noise. The pixels differ by at most 12 of 255, by 0.50 on average.',
  ],
  [
    { layers: [{ layer: 'pixels' as const, isSame: true }], pixels: { largest: 3, mean: 0.001 } },
    'What made it is the same; the file’s pixels were changed. The pixels differ by at most 3 of 255, by 0.0010 on average.',
  ],
])('%j is told in a sentence', (patch, sentence) => {
  expect(verificationSentence(verification(patch))).toBe(sentence)
})

test('what was at work then and is another now is told, and what is the same is not', () => {
  const { record } = origin
  if (!record) throw new Error('expected a record, found none')
  const then = { ...origin, record: { ...record, processor: 'another', threads: 4 } }
  expect(originDifferences({ then, now: origin })).toEqual([
    'Made with processor another, now one.',
    'Made with threads 4, now as the runtime chooses.',
  ])
  expect(originDifferences({ then: origin, now: origin })).toEqual([])
})
