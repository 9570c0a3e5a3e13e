import { describe, expect, test } from 'vitest'
import { insertTexts } from '../png-text.ts'
import type { Texts } from '../png-text.ts'
import { formatParameters, parameterTexts } from '../parameters.ts'
import type { GenerationRequest } from '../../contract/generation.ts'
import { readRecipe } from './recipe.ts'

/** One grey pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
const told = (texts: Texts) => readRecipe(insertTexts(PNG, texts))

describe('AUTOMATIC1111', () => {
  const SETTINGS =
    'Steps: 28, Sampler: DPM++ 2M Karras, CFG scale: 7.5, Seed: 123456789, Size: 768x512, Model hash: abcdef1234, Model: some model, Clip skip: 2'

  test('its settings become those of a request, an older sampler’s name with its schedule', async () => {
    const recipe = await told({ parameters: `a fox\nin snow\nNegative prompt: blurry\n${SETTINGS}` })
    expect(recipe).toEqual({
      program: 'AUTOMATIC1111',
      fields: {
        prompt: 'a fox\nin snow',
        negativePrompt: 'blurry',
        promptStyle: 'a1111',
        seed: 123456789,
        steps: 28,
        guidanceScale: 7.5,
        widthPx: 768,
        heightPx: 512,
        sampler: 'dpmpp-2m',
        schedule: 'karras',
        noise: 'philox',
        clipSkip: 2,
      },
      modelName: 'some model',
      modelHash: 'abcdef1234',
      left: [],
    })
  })

  test('its newer form, with another emphasis and noise of the processor', async () => {
    const parameters =
      'a fox\nSteps: 4, Sampler: Euler a, Schedule type: SGM Uniform, CFG scale: 2, Seed: 1, Size: 512x512, RNG: CPU, Emphasis: No norm, Model hash: 45dee52b'
    const recipe = await told({ parameters })
    expect(recipe?.fields).toMatchObject({
      sampler: 'euler-ancestral',
      schedule: 'sgm-uniform',
      noise: 'torch-cpu',
      promptStyle: 'a1111-no-norm',
    })
    expect(recipe).toMatchObject({ modelName: null, modelHash: null })
  })

  test('what the studio has no field for, or no such value, is told', async () => {
    const recipe = await told({
      parameters: 'a fox\nSteps: 9999, Sampler: Euler Smea, CFG scale: 7, Seed: 5, Size: 515x512, Hires upscale: 2',
    })
    expect(recipe?.fields).not.toHaveProperty('steps')
    expect(recipe?.fields).not.toHaveProperty('sampler')
    expect(recipe?.fields).toMatchObject({ seed: 5, heightPx: 512 })
    expect(recipe?.left).toEqual(['steps 9999', 'width 515', 'sampler Euler Smea', 'Hires upscale: 2'])
  })

  test('a picture with words alone tells nothing', async () => {
    expect(await told({ parameters: 'just a title' })).toBeNull()
    expect(await told({ Title: 'a holiday' })).toBeNull()
  })
})

describe('ComfyUI', () => {
  const sampler = (inputs: object) => ({ class_type: 'KSampler', inputs })
  const GRAPH = {
    3: sampler({
      seed: ['20', 0],
      steps: 20,
      cfg: 8,
      sampler_name: 'dpmpp_2m_sde_gpu',
      scheduler: 'karras',
      denoise: 1,
      model: ['11', 0],
      positive: ['12', 0],
      negative: ['7', 0],
      latent_image: ['5', 0],
    }),
    4: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'sd15\\v1-5.safetensors' } },
    5: { class_type: 'EmptyLatentImage', inputs: { width: 768, height: 512, batch_size: 1 } },
    6: { class_type: 'CLIPTextEncode', inputs: { text: 'a fox', clip: ['4', 1] } },
    7: { class_type: 'CLIPTextEncode', inputs: { text: 'blurry', clip: ['4', 1] } },
    11: { class_type: 'LoraLoader', inputs: { lora_name: 'ink.safetensors', strength_model: 0.8, model: ['4', 0] } },
    12: { class_type: 'ConditioningCombine', inputs: { conditioning_1: ['6', 0], conditioning_2: ['13', 0] } },
    13: { class_type: 'CLIPTextEncode', inputs: { text: ['14', 0], clip: ['4', 1] } },
    14: { class_type: 'PrimitiveNode', inputs: { value: 'in snow' } },
    20: { class_type: 'Seed', inputs: { seed: 42 } },
  }

  test('the links of its sampler are followed, to words, LoRAs, model and size', async () => {
    expect(await told({ prompt: JSON.stringify(GRAPH), workflow: '{}' })).toEqual({
      program: 'ComfyUI',
      fields: {
        prompt: 'a fox, in snow <lora:ink:0.8>',
        negativePrompt: 'blurry',
        promptStyle: 'comfyui',
        seed: 42,
        steps: 20,
        guidanceScale: 8,
        widthPx: 768,
        heightPx: 512,
        sampler: 'dpmpp-2m-sde',
        schedule: 'karras',
        noise: 'torch-cpu',
      },
      modelName: 'sd15\\v1-5.safetensors',
      modelHash: null,
      left: [],
    })
  })

  test('of two samplers it is the one that goes on from the other', async () => {
    const again = sampler({ ...GRAPH[3].inputs, steps: 7, denoise: 0.5, latent_image: ['30', 0] })
    const graph = {
      ...GRAPH,
      2: again,
      30: { class_type: 'LatentUpscale', inputs: { samples: ['3', 0], width: 1024, height: 680 } },
    }
    expect(await told({ prompt: JSON.stringify(graph) })).toMatchObject({
      fields: { steps: 7, widthPx: 1024, heightPx: 680 },
      left: ['denoise 0.5'],
    })
  })

  test('a graph that bites its tail ends, and numbers that JSON has no word for are borne', async () => {
    const loop = {
      ...GRAPH,
      12: { class_type: 'ConditioningCombine', inputs: { conditioning_1: ['12', 0], changed: NaN } },
    }
    const text = JSON.stringify(loop).replace('null', 'NaN')
    expect(text).toContain('NaN')
    expect((await told({ prompt: text }))?.fields).toMatchObject({ prompt: '<lora:ink:0.8>', steps: 20 })
  })

  test('a graph without a sampler, or none at all, tells nothing', async () => {
    expect(await told({ prompt: JSON.stringify({ 1: GRAPH[4] }) })).toBeNull()
    expect(await told({ prompt: 'a prompt that is none' })).toBeNull()
  })
})

test('SwarmUI’s JSON', async () => {
  const params = {
    prompt: 'a fox',
    negativeprompt: '',
    model: 'Official/sd_xl',
    seed: 305223794,
    steps: 25,
    cfgscale: 7,
    width: 1024,
    height: 1024,
    sampler: 'dpmpp_2m',
    scheduler: 'karras',
  }
  const recipe = await told({ parameters: JSON.stringify({ sui_image_params: params }) })
  expect(recipe).toMatchObject({ program: 'SwarmUI', modelName: 'Official/sd_xl', left: [] })
  expect(recipe?.fields).toMatchObject({
    prompt: 'a fox',
    seed: 305223794,
    guidanceScale: 7,
    sampler: 'dpmpp-2m',
    schedule: 'karras',
  })
})

test('Fooocus’ JSON, with the styles it cannot bring', async () => {
  const params = {
    prompt: 'a fox',
    negative_prompt: 'blurry',
    styles: "['Fooocus V2']",
    steps: 30,
    resolution: '(1152, 896)',
    guidance_scale: 4,
    base_model: 'juggernautXL',
    base_model_hash: 'aeb7e9e689',
    sampler: 'dpmpp_2m_sde_gpu',
    scheduler: 'karras',
    seed: '1234',
  }
  expect(await told({ parameters: JSON.stringify(params) })).toMatchObject({
    program: 'Fooocus',
    fields: { widthPx: 1152, heightPx: 896, seed: 1234, sampler: 'dpmpp-2m-sde', negativePrompt: 'blurry' },
    modelName: 'juggernautXL',
    modelHash: 'aeb7e9e689',
    left: ["styles ['Fooocus V2']"],
  })
})

test('InvokeAI’s metadata: Karras’ levels by the scheduler’s name, LoRAs as tags, layers left out', async () => {
  const metadata = {
    positive_prompt: 'a fox++',
    negative_prompt: 'blurry',
    seed: 7,
    steps: 30,
    cfg_scale: 7.5,
    width: 512,
    height: 640,
    scheduler: 'dpmpp_2m_k',
    rand_device: 'cpu',
    clip_skip: 1,
    cfg_rescale_multiplier: 0.7,
    model: { name: 'v1-5' },
    loras: [{ model: { name: 'my lora' }, weight: 0.75 }],
  }
  expect(await told({ invokeai_metadata: JSON.stringify(metadata) })).toEqual({
    program: 'InvokeAI',
    fields: {
      prompt: 'a fox++ <lora:my lora:0.75>',
      negativePrompt: 'blurry',
      promptStyle: 'invokeai',
      seed: 7,
      steps: 30,
      guidanceScale: 7.5,
      widthPx: 512,
      heightPx: 640,
      sampler: 'dpmpp-2m',
      schedule: 'karras',
      noise: 'torch-cpu',
      clipSkip: 2,
    },
    modelName: 'v1-5',
    modelHash: null,
    left: ['guidance rescale 0.7'],
  })
})

test('the studio’s own picture tells all, and what it tells others is read as they would', async () => {
  const request: GenerationRequest = {
    model: 'starter',
    prompt: 'a fox',
    negativePrompt: '',
    seed: 3,
    steps: 25,
    guidanceScale: 4,
    widthPx: 128,
    heightPx: 128,
    sampler: 'dpmpp-2s',
    schedule: 'trailing',
    init: null,
  }
  const origin = {
    modelName: 'Starter',
    family: 'sd1',
    predictionType: 'v',
    appVersion: '0.1.0',
    runtime: '1',
  } as const
  const { model: _model, init: _init, ...asked } = request
  const own = await told(parameterTexts(request, origin))
  expect(own).toMatchObject({ program: 'Latent Studio', fields: asked, modelName: 'Starter', left: [] })
  const others = await told({ parameters: formatParameters(request, origin) })
  expect(others).toMatchObject({ fields: asked, modelName: 'Starter', left: [] })
})
