import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Checkpoint } from '../../open.ts'
import { openCheckpoint } from '../../open.ts'
import { valueCount } from '../../tensor-index.ts'
import { SOUND_MODELS, testModels, writeTensors } from '../../test-models.ts'
import type { StoredTensor } from '../../test-models.ts'
import { withLoras } from './apply.ts'
import { openLora } from './lora.ts'

const { temporaryFolder } = testModels(onTestFinished)

let model: Checkpoint

beforeAll(async () => {
  model = await openCheckpoint(SOUND_MODELS.singleFile)
})

type Shapes = Readonly<Record<string, readonly number[]>>

const zeros = (shape: readonly number[]): StoredTensor => {
  return { dtype: 'F32', shape, bytes: new Uint8Array(4 * valueCount(shape)) }
}

const one = (value: number): StoredTensor => {
  return { dtype: 'F32', shape: [], bytes: new Uint8Array(Float32Array.of(value).buffer) }
}

async function loraOf(shapes: Shapes, more: Readonly<Record<string, StoredTensor>> = {}) {
  const path = join(await temporaryFolder(), 'style.safetensors')
  await writeTensors(
    path,
    new Map([...Object.entries(shapes).map(([name, shape]) => [name, zeros(shape)] as const), ...Object.entries(more)]),
  )
  return openLora(path)
}

/** Up and down of a layer. */
const pair = (stem: string, out: number, inputs: number, rank = 4): Shapes => {
  return { [`${stem}.lora_up.weight`]: [out, rank], [`${stem}.lora_down.weight`]: [rank, inputs] }
}

function apply(lora: Awaited<ReturnType<typeof openLora>>, weight = 1) {
  const warnings: string[] = []
  const logger = { info: () => undefined, warn: (message: string) => warnings.push(message), error: () => undefined }
  const joined = withLoras(model, [{ lora, weight, textWeight: weight }], logger)
  return { joined, warnings }
}

const TO_K = 'lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k'
const TO_Q = 'lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_q'
const WEIGHT = 'down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight'

describe('the scale', () => {
  const scaleOf = (lora: Awaited<ReturnType<typeof openLora>>) =>
    apply(lora).joined.unet.deltas?.get(WEIGHT)?.[0]?.scale

  it('is alpha over rank, and 1 without alpha', async () => {
    expect(scaleOf(await loraOf(pair(TO_K, 32, 32), { [`${TO_K}.alpha`]: one(1) }))).toBe(0.25)
    expect(scaleOf(await loraOf(pair(TO_K, 32, 32)))).toBe(1)
  })

  it('refuses an alpha that is no number', async () => {
    await expect(loraOf(pair(TO_K, 32, 32), { [`${TO_K}.alpha`]: one(NaN) })).rejects.toThrow(
      /alpha: expected a number/,
    )
    await expect(loraOf({ ...pair(TO_K, 32, 32), [`${TO_K}.alpha`]: [2] })).rejects.toThrow(
      /expected one value, found shape \[2\]/,
    )
  })
})

describe('a LoRA of another model', () => {
  it.each([
    [768, 'Stable Diffusion 1'],
    [1024, 'Stable Diffusion 2'],
    [2048, 'Stable Diffusion XL'],
    [640, 'a model whose prompts are 640 wide'],
  ])('whose prompts are %d wide is refused as made for %s, though other layers fit', async (width, family) => {
    const lora = await loraOf({ ...pair(TO_K, 32, width), ...pair(TO_Q, 32, 32) })
    expect(() => apply(lora)).toThrow(`expected a LoRA for Stable Diffusion 1, found one made for ${family}`)
    expect(() => apply(lora)).toThrow(expect.objectContaining({ code: 'invalid-request', field: 'loras.0.id' }))
  })

  it('of another architecture is named', async () => {
    const lora = await loraOf(pair('lora_unet_double_blocks_0_img_attn_qkv', 9, 9))
    expect(() => apply(lora)).toThrow('found one made for Flux')
  })

  it('is refused even at weight 0', async () => {
    const lora = await loraOf(pair('lora_unet_unknown', 9, 9))
    expect(() => apply(lora, 0)).toThrow('found one made for a model with other layers')
  })
})

it('what the model has no layer for is told in one warning, and the rest is used', async () => {
  const lora = await loraOf({
    ...pair(TO_K, 32, 32),
    ...pair('lora_unet_nothing_1', 8, 8),
    ...pair('lora_unet_nothing_2', 8, 8),
    ...pair('lora_unet_conv_in', 32, 4),
    'lora_te_text_model_encoder_layers_0_mlp_fc1.a1.weight': [4, 4],
    spectrum: [1],
  })
  const { joined, warnings } = apply(lora)
  expect([...(joined.unet.deltas?.keys() ?? [])]).toEqual([WEIGHT])
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toMatch(/no such layers: spectrum, lora_te_\S+, lora_unet_nothing_1 and 2 more$/)
})

it.each<[string, Shapes]>([
  ['without a rank', pair(TO_Q, 32, 32, 0)],
  ['of ranks that differ', { [`${TO_Q}.lora_up.weight`]: [32, 4], [`${TO_Q}.lora_down.weight`]: [2, 32] }],
  ['of whole matrices that are empty', { [`${TO_Q}.lokr_w1`]: [0, 4], [`${TO_Q}.lokr_w2`]: [8, 8] }],
  ['of another kernel', pair(TO_Q, 32, 32 * 9)],
  ['without its second half', { [`${TO_Q}.lora_up.weight`]: [32, 4] }],
  ['with lengths of another layer', { ...pair(TO_Q, 32, 32), [`${TO_Q}.dora_scale`]: [1, 31] }],
])('factors %s change nothing and are told', async (_, shapes) => {
  const { joined, warnings } = apply(await loraOf({ ...pair(TO_K, 32, 32), ...shapes }))
  expect([...(joined.unet.deltas?.keys() ?? [])]).toEqual([WEIGHT])
  expect(warnings[0]).toContain(TO_Q)
})

it('a file that is no LoRA is refused by what it holds', async () => {
  await expect(loraOf({ 'decoder.conv_in.weight': [4, 4] })).rejects.toThrow(
    'expected the tensors of a LoRA, found decoder.conv_in.weight',
  )
})

it('the options of an adapter of PEFT’s count for no other file of the folder', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'adapter_config.json'), JSON.stringify({ r: 4, lora_alpha: 8 }))
  const path = join(folder, 'style.safetensors')
  await writeTensors(path, new Map(Object.entries(pair(TO_K, 32, 32)).map(([name, shape]) => [name, zeros(shape)])))
  const { joined } = apply(await openLora(path))
  expect(joined.unet.deltas?.get(WEIGHT)?.[0]?.scale).toBe(1)
})

it('an alpha of PEFT’s own is that of modules whose name, or end of a name, it has', async () => {
  const stem = `unet.${WEIGHT.replace(/\.weight$/, '')}`
  const options = (pattern: string) => ({ 'unet.lora_alpha': 4, 'unet.alpha_pattern': { [pattern]: 2 } })
  const scaleBy = async (pattern: string) => {
    const path = join(await temporaryFolder(), 'style.safetensors')
    const tensors = new Map([
      [`${stem}.lora_B.weight`, zeros([32, 4])],
      [`${stem}.lora_A.weight`, zeros([4, 32])],
    ])
    await writeTensors(path, tensors, { lora_adapter_metadata: JSON.stringify(options(pattern)) })
    return apply(await openLora(path)).joined.unet.deltas?.get(WEIGHT)?.[0]?.scale
  }
  expect(await scaleBy('attn2.to_k')).toBe(0.5)
  expect(await scaleBy('2.to_k')).toBe(1)
})

it('PEFT’s alpha is read from the file beside', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'adapter_config.json'), JSON.stringify({ r: 4, lora_alpha: 8, use_rslora: true }))
  const path = join(folder, 'adapter_model.safetensors')
  const stem = `base_model.model.${WEIGHT.replace(/\.weight$/, '')}`
  await writeTensors(
    path,
    new Map([
      [`${stem}.lora_B.weight`, zeros([32, 4])],
      [`${stem}.lora_A.weight`, zeros([4, 32])],
    ]),
  )
  const { joined } = apply(await openLora(path))
  expect(joined.unet.deltas?.get(WEIGHT)?.[0]?.scale).toBe(8 / Math.sqrt(4))
})
