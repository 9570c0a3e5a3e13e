import { expect, test } from 'vitest'
import { SAMPLER_IDS, SCHEDULE_IDS } from '../../main/contract/generation.ts'
import type { ModelSummary } from '../../main/contract/model.ts'
import { LEVEL_CONVENTIONS } from '../../main/contract/sampling.ts'
import { UsageError } from './arguments.ts'
import { completeRequest, readGenerateOptions } from './generate-options.ts'

const starter: ModelSummary = {
  id: 'starter',
  name: 'Starter',
  path: '/models/starter',
  layout: 'diffusers',
  family: 'sd1',
  familyName: 'Stable Diffusion 1',
  predictionType: 'v',
  sizeBytes: 1,
  isBuiltIn: true,
  chunkTokens: 75,
  prompt: 'words',
  input: 'none',
  hint: null,
  memory: null,
  triggerWords: [],
  description: null,
  hasThumbnail: false,
  sha256: null,
  dataSha256: null,
  problem: null,
  defaults: { widthPx: 128, heightPx: 128, steps: 20, guidanceScale: 5, sampler: 'euler', schedule: 'normal' },
}

test('every option reaches the request', () => {
  const options = readGenerateOptions([
    'a red fox in the snow',
    '--seed',
    '7',
    '--steps=30',
    '--guidance',
    '6.5',
    '--size',
    '256x192',
    '--sampler',
    'heun',
    '--schedule',
    'karras',
    '--negative',
    'blurry',
    '--init',
    'photo.jpg',
    '--strength',
    '0.4',
    '--fit',
    'contain',
    '--count',
    '3',
    '--out',
    'fox.png',
    '--no-gallery',
    '--json',
  ])
  expect(options).toMatchObject({
    init: { file: 'photo.jpg', strength: 0.4, fit: 'contain' },
    count: 3,
    out: 'fox.png',
    isKept: false,
    isJson: true,
  })
  expect(completeRequest(options, starter, null)).toEqual({
    model: 'starter',
    prompt: 'a red fox in the snow',
    negativePrompt: 'blurry',
    seed: 7,
    steps: 30,
    guidanceScale: 6.5,
    widthPx: 256,
    heightPx: 192,
    sampler: 'heun',
    schedule: 'karras',
    init: null,
  })
})

test('what sampler, guidance, noise and prompt do otherwise than by default reaches the request', () => {
  const line =
    '--eta 0.5 --noise-scale 1.01 --churn 20 --churn-min 0.05 --spacing trailing --whole-timesteps no --prediction epsilon ' +
    '--guidance-rescale 0.7 --guidance-start 0.1 --guidance-end 0.8 --perturbed-attention 3 --mimic-scale 7 ' +
    '--image-guidance 1.2 --noise torch-cpu --variation-seed 9 --variation-strength 0.2 --seed-size 512x768 ' +
    '--prompt-style comfyui --clip-skip 2'
  expect(readGenerateOptions(['a fox', ...line.split(' ')]).request).toEqual({
    prompt: 'a fox',
    promptStyle: 'comfyui',
    clipSkip: 2,
    sampling: {
      eta: 0.5,
      noiseScale: 1.01,
      churn: { amount: 20, sigmaMin: 0.05 },
      levels: { spacing: 'trailing', hasWholeTimesteps: false },
    },
    predictionType: 'epsilon',
    guidance: {
      rescale: 0.7,
      start: 0.1,
      end: 0.8,
      perturbedAttention: 3,
      thresholding: { mimicScale: 7, quantile: 1 },
    },
    imageGuidanceScale: 1.2,
    noise: 'torch-cpu',
    variation: { seed: 9, strength: 0.2 },
    seedSize: { widthPx: 512, heightPx: 768 },
  })
})

test('levels as in another program are all of its options, and a single one goes before them', () => {
  const { request } = readGenerateOptions(['a', '--levels-as', 'k-diffusion', '--final-level', 'table'])
  expect(request.sampling?.levels).toEqual({ ...LEVEL_CONVENTIONS['k-diffusion'], finalLevel: 'table' })
})

test('parts are named with their weights, and files with what is to be done with them', () => {
  const { parts, init, isTemplate } = readGenerateOptions([
    'a {red|blue} fox',
    '--dynamic',
    ...['--lora', 'Ink wash:0.8:0.4', '--lora', 'C:\\loras\\gold.safetensors', '--lora', 'odd:name:-1'],
    ...['--control', 'Edges=a, b=c.png,weight=0.5,end=0.6,preprocessor=canny', '--image-prompt', 'plus=face.png'],
    ...['--refiner', 'Refiner:0.7', '--vae', 'fine', '--unet', 'swift'],
    ...['--init', 'room.png', '--mask', 'mask.png', '--mask-fill', 'noise', '--mask-padding', '32'],
  ])
  expect(isTemplate).toBe(true)
  expect(parts).toEqual({
    vae: 'fine',
    unet: 'swift',
    loras: [
      { name: 'Ink wash', weight: 0.8, textWeight: 0.4 },
      { name: 'C:\\loras\\gold.safetensors', weight: 1 },
      { name: 'odd:name', weight: -1 },
    ],
    controls: [
      { name: 'Edges', file: 'a, b=c.png', weight: 0.5, start: 0, end: 0.6, preprocessor: 'canny', fit: 'crop' },
    ],
    imagePrompts: [{ name: 'plus', file: 'face.png', weight: 1, start: 0, end: 1 }],
    refiner: { name: 'Refiner', start: 0.7 },
  })
  expect(init?.mask).toEqual({ file: 'mask.png', blurPx: 4, fill: 'noise', paddingPx: 32 })
})

test('what is left open takes the model’s defaults and a random seed', () => {
  const options = readGenerateOptions(['a fox'])
  const [first, second] = [completeRequest(options, starter, null), completeRequest(options, starter, null)]
  expect(first).toMatchObject({ ...starter.defaults, negativePrompt: '', prompt: 'a fox' })
  expect(first.seed).not.toBe(second.seed)
})

const oneOf = (ids: readonly string[]) => `${ids.slice(0, -1).join(', ')} or ${ids.at(-1) ?? ''}`

test.each([
  [['--steps', '0'], '--steps: expected at least 1, found 0'],
  [['--steps', '2.5'], '--steps: expected a whole number, found 2.5'],
  [['--steps', 'ten'], '--steps: expected a number, found "ten"'],
  [['--steps', ''], '--steps: expected a number, found ""'],
  [['--steps'], '--steps: expected N, found nothing'],
  [['--seed', '-1'], '--seed: expected at least 0, found -1'],
  [['--seed', '9007199254740992'], '--seed: expected at most 9007199254740991, found 9007199254740992'],
  [['--guidance', '99'], '--guidance: expected at most 30, found 99'],
  [['--size', '130x128'], '--size: expected a multiple of 8 pixels, found 130'],
  [['--size', '128'], '--size: expected WIDTHxHEIGHT such as 512x512, found "128"'],
  [['--size', '32x32'], '--size: expected at least 64, found 32'],
  [['--sampler', 'eular'], `--sampler: expected ${oneOf(SAMPLER_IDS)}, found "eular"`],
  [['--schedule', 'cosine'], `--schedule: expected ${oneOf(SCHEDULE_IDS)}, found "cosine"`],
  [['--count', '65'], '--count: expected at most 64, found 65'],
  [['--init', 'a.png', '--strength', '0'], '--strength: expected at least 0.01, found 0'],
  [['--strength', '0.5'], '--strength: expected --init FILE with it, found none'],
  [['--fit', 'crop'], '--fit: expected --init FILE with it, found none'],
  [['--out', 'fox.jpg'], '--out: expected a name ending in .png, found "fox.jpg"'],
  [['--no-gallery'], '--no-gallery: expected --out FILE with it, found none'],
  [['--no-gallery=yes', '--out', 'a.png'], '--no-gallery: expected no value, found "yes"'],
  [['--mask', 'm.png'], '--mask: expected --init FILE with it, found none'],
  [['--mask-blur', '2'], '--mask-blur: expected --mask FILE with it, found none'],
  [['--churn-max', '2'], '--churn-max: expected --churn N with it, found none'],
  [['--quantile', '1'], '--quantile: expected --mimic-scale N with it, found none'],
  [['--variation-strength', '1'], '--variation-strength: expected --variation-seed N with it, found none'],
  [['--eta', '3'], '--eta: expected at most 2, found 3'],
  [['--levels-as', 'webui'], '--levels-as: expected k-diffusion, generative-models or compvis, found "webui"'],
  [['--whole-timesteps', 'maybe'], '--whole-timesteps: expected yes or no, found "maybe"'],
  [['--lora', 'ink:9'], '--lora: expected at most 5, found 9'],
  [['--control', 'edges'], '--control: expected NAME=FILE, found "edges"'],
  [['--control', 'edges=a.png,weight=3'], '--control: expected at most 2, found 3'],
  [['--refiner', 'x:2'], '--refiner: expected at most 1, found 2'],
  [['--seed-size', 'big'], '--seed-size: expected WIDTHxHEIGHT such as 512x512, found "big"'],
  [['--stepz', '3'], 'expected an option of generate, found --stepz'],
  [['-s', '3'], 'expected an option of generate, found -s'],
  [['red', 'fox'], 'expected a prompt, found 3 words; put quotes around it'],
])('generate "a" with %j says what was expected and what was found', (args, message) => {
  expect(() => readGenerateOptions(['a', ...args])).toThrow(new UsageError(message))
})

test('a prompt is needed, and may be empty', () => {
  expect(() => readGenerateOptions([])).toThrow(new UsageError('expected a prompt, found nothing'))
  expect(readGenerateOptions(['']).request.prompt).toBe('')
})

test('what follows -- is the prompt, whatever it looks like', () => {
  expect(readGenerateOptions(['--steps', '3', '--', '--a fox--']).request).toMatchObject({
    prompt: '--a fox--',
    steps: 3,
  })
})
