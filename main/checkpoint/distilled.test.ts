import { expect, test } from 'vitest'
import { distillation, partDistillation } from './distilled.ts'

const named = (name: string, more: Partial<Parameters<typeof distillation>[0]> = {}) =>
  distillation({ name, isToldGuidance: false, ...more })

test.each([
  ['sdxl_lightning_4step', 'Lightning', { steps: 4, guidanceScale: 1, sampler: 'euler', schedule: 'trailing' }],
  ['sdxl_lightning_8step', 'Lightning', { steps: 8 }],
  ['juggernautXL_v9Rdphoto2Lightning', 'Lightning', { steps: 4 }],
  ['Hyper-SDXL-1step-Unet', 'Hyper', { steps: 1, sampler: 'ddim', schedule: 'trailing' }],
  ['realvisxlV50_v50Hyper', 'Hyper', { steps: 8 }],
  ['sd_xl_turbo_1.0_fp16', 'Turbo', { steps: 4, sampler: 'euler-ancestral', widthPx: 512, heightPx: 512 }],
  ['dreamshaperXL_v21TurboDPMSDE', 'Turbo', { steps: 4, guidanceScale: 1 }],
  ['LCM_Dreamshaper_v7_4k', 'LCM', { sampler: 'lcm', schedule: 'normal' }],
  ['dreamshaper_8LCM', 'LCM', { sampler: 'lcm' }],
])('%s is guessed to be %s', (name, method, defaults) => {
  const found = named(name)
  expect(found?.hint).toContain(`Its name suggests that it was distilled to few steps (${method})`)
  expect(found?.defaults).toMatchObject(defaults)
})

test.each(['hyperrealism_v3', 'HyperRealistic', 'dreamshaper_8', 'v1-5-pruned-emaonly', 'calcium', 'photon_v1'])(
  '%s is not taken for distilled',
  (name) => {
    expect(named(name)).toBeNull()
  },
)

test('metadata and scheduler come before the name, and say so', () => {
  expect(named('model', { metadata: { 'modelspec.title': 'SDXL Turbo 1.0' } })?.hint).toMatch(
    /^Its metadata say .*Turbo/,
  )
  expect(named('some turbo', { scheduler: 'LCMScheduler' })?.hint).toMatch(/^Its scheduler says .*LCM/)
  expect(named('model', { scheduler: 'DDIMScheduler' })).toBeNull()
})

test('a model that is told the guidance scale needs no guess', () => {
  const found = named('model', { isToldGuidance: true })
  expect(found?.defaults).toEqual({ steps: 4, guidanceScale: 8, sampler: 'lcm', schedule: 'normal' })
  expect(found?.hint).toMatch(/^A latent consistency model/)
})

test('a name that tells of x0 asks for the prediction to be set', () => {
  expect(named('sdxl_lightning_1step_x0')?.hint).toContain('set the prediction to sample')
})

const lora = (name: string) => partDistillation({ name, isToldGuidance: false }, 'lora')

test.each([
  ['lcm-lora-sdv1-5', 'LCM', { steps: 4, guidanceScale: 1, sampler: 'lcm' }],
  ['sdxl_lightning_8step_lora', 'Lightning', { steps: 8, sampler: 'euler', schedule: 'trailing' }],
  ['Hyper-SD15-1step-lora', 'Hyper', { steps: 1, guidanceScale: 1 }],
  ['Hyper-SDXL-8steps-CFG-lora', 'Hyper', { steps: 8, guidanceScale: 5 }],
  ['sd_xl_turbo_lora_v1', 'Turbo', { steps: 4 }],
])('the LoRA %s lets a model work in few steps', (name, method, defaults) => {
  const found = lora(name)
  expect(found?.hint).toContain(`Its name suggests that it lets a model work in few steps (${method})`)
  expect(found?.defaults).toMatchObject(defaults)
})

test.each(['purple lightning', 'porsche_911_turbo', 'ink'])('the LoRA %s is not taken for one', (name) => {
  expect(lora(name)).toBeNull()
})

test('a part that is neither a U-Net nor a LoRA is never distilled', () => {
  expect(partDistillation({ name: 'lcm vae', isToldGuidance: false }, 'autoencoder')).toBeNull()
})
