import type { ImageOrigin } from '../../main/contract/image.ts'
import type { Picture } from '../../main/gallery/columns.ts'

const SUBJECTS = [
  'fox',
  'castle',
  'lighthouse',
  'old woman',
  'cat',
  'forest',
  'ship',
  'mountain village',
  'robot',
  'owl',
]
const LOOKS = ['weathered', 'golden', 'misty', 'tiny', 'enormous', 'smiling', 'translucent', 'overgrown', 'frozen']
const PLACES = [
  'in the snow',
  'at the sea',
  'under a red moon',
  'on a market square',
  'in tall grass',
  'above the clouds',
]
const STYLES = ['oil painting', 'watercolour', 'film photograph', 'woodcut', 'concept art', 'pencil drawing', 'pastel']
const ENDINGS = 'soft light, highly detailed, wide angle, muted colours, by candlelight'

const ORIGIN: ImageOrigin = {
  modelName: 'Starter',
  family: 'sd1',
  predictionType: 'epsilon',
  appVersion: '0.1.0',
  runtime: 'onnxruntime-node 1.30.0',
}

/** The row of the i-th picture: a prompt as people write them, its number in it; every tenth starred. */
export function pictureRow(i: number): Picture {
  const pick = (words: readonly string[], turn: number) => words[Math.floor(i / turn) % words.length] ?? ''
  const prompt = `${pick(STYLES, 1)} of a ${pick(LOOKS, 3)} ${pick(SUBJECTS, 7)} ${pick(PLACES, 11)}, ${ENDINGS}, no${i}`
  return {
    id: crypto.randomUUID(),
    fileName: `2026-11/${i}.png`,
    createdAt: 1_700_000_000_000 + i * 60_000,
    widthPx: 512,
    heightPx: 512,
    sizeBytes: 400_000,
    request: {
      model: 'starter',
      prompt,
      negativePrompt: 'blurry, low quality, watermark, text',
      seed: i,
      steps: 25,
      guidanceScale: 4,
      widthPx: 512,
      heightPx: 512,
      sampler: 'ddim',
      schedule: 'normal',
      init: null,
    },
    origin: ORIGIN,
    durationMs: 1234,
    isStarred: i % 10 === 0,
    trashedAt: i % 100 === 1 ? 1 : null,
    missingAt: null,
    jobId: null,
  }
}
