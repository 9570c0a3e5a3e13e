import { expect, test } from 'vitest'
import type { GenerationRequest } from '../main/contract/generation.ts'
import type { ModelInput, ModelSummary } from '../main/contract/model.ts'
import type { PartKind, PartSummary } from '../main/contract/part.ts'
import { checkRequest } from './validate.ts'

const FACTS = {
  triggerWords: [],
  description: null,
  hasThumbnail: false,
  sha256: null,
  dataSha256: null,
  problem: null,
}
const DEFAULTS = {
  widthPx: 512,
  heightPx: 512,
  steps: 20,
  guidanceScale: 7,
  sampler: 'ddim',
  schedule: 'normal',
} as const

function model(input: ModelInput): ModelSummary {
  return {
    ...FACTS,
    id: 'model',
    name: 'Model',
    path: '/model',
    layout: 'single-file',
    family: 'sd1',
    familyName: 'Stable Diffusion 1',
    predictionType: 'epsilon',
    sizeBytes: 1,
    isBuiltIn: false,
    defaults: DEFAULTS,
    chunkTokens: 75,
    prompt: 'words',
    input,
    hint: null,
    memory: null,
  }
}

const part = (kind: PartKind): PartSummary => ({
  ...FACTS,
  id: kind,
  kind,
  name: `some ${kind}`,
  path: `/${kind}`,
  families: [],
  sizeBytes: 1,
  preferredWeight: null,
})

/** Checks a request to a library of one model and one part of each kind named, whose gallery has every input. */
function check(changes: Partial<GenerationRequest>, kinds: readonly PartKind[] = [], input: ModelInput = 'none') {
  const only = model(input)
  const library = {
    find: (id: string) => (id === only.id ? only : undefined),
    list: () => [only],
    findPart: (id: string) => kinds.filter((kind) => kind === id).map(part)[0],
  }
  const request = { model: 'model', prompt: '', negativePrompt: '', seed: 1, init: null, ...DEFAULTS, ...changes }
  return () => {
    checkRequest(request, library, { inputPath: (id) => `/${id}` })
  }
}

test('a part must be of the kind that its field takes', () => {
  expect(check({ vae: 'autoencoder', unet: 'unet' }, ['autoencoder', 'unet'])).not.toThrow()
  expect(check({ unet: 'lora' }, ['lora'])).toThrow(
    expect.objectContaining({ code: 'invalid-request', field: 'request.unet' }),
  )
  expect(check({ vae: 'unet' }, ['unet'])).toThrow('vae: expected a part of the kind autoencoder, found some unet')
})

test('a part that is gone is told at its field', () => {
  expect(check({ loras: [{ id: 'lora', weight: 1 }] })).toThrow(
    expect.objectContaining({ code: 'model-missing', field: 'request.loras.0.id' }),
  )
})

test('a model that edits by instructions is refused without a picture, unless another U-Net takes its place', () => {
  const init = { id: '0'.repeat(64), strength: 1, fit: 'crop' } as const
  expect(check({}, [], 'instruct')).toThrow(expect.objectContaining({ code: 'invalid-request', field: 'request.init' }))
  expect(check({ init }, [], 'instruct')).not.toThrow()
  expect(check({ unet: 'unet' }, ['unet'], 'instruct')).not.toThrow()
  expect(check({}, [], 'inpaint')).not.toThrow()
})

test('a prompt that its style cannot read is refused at its field, and so is a negative one', () => {
  const style = { promptStyle: 'a1111' } as const
  for (const field of ['prompt', 'negativePrompt']) {
    expect(check({ ...style, [field]: 'a (fox:1.2.3)' })).toThrow(
      expect.objectContaining({ code: 'invalid-request', field: `request.${field}` }),
    )
    expect(check({ [field]: 'a (fox:1.2.3)' })).not.toThrow()
  }
})
