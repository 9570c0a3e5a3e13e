import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { openCheckpoint } from '../checkpoint/open.ts'
import type { Checkpoint } from '../checkpoint/open.ts'
import { withLoras } from '../checkpoint/parts/lora/apply.ts'
import { openLora } from '../checkpoint/parts/lora/lora.ts'
import { readSafetensors } from '../checkpoint/safetensors.ts'
import { SOUND_MODELS, testModels } from '../checkpoint/test-models.ts'
import { loadNetwork } from '../runtime/network.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { placed } from './stored-weight.ts'
import { added, factor, merged, product, scalar, writeLora } from './test-lora.ts'
import type { Addition, Factor } from './test-lora.ts'
import {
  ATTENTION,
  LAYERS,
  LAYER_NAMES,
  LINEAR,
  RANK,
  TOLERANCE,
  difference,
  dotted,
  expectMerged,
  factors,
  joined,
  kohya,
  predicted,
  relative,
  silent,
  tinyModel,
  withLdmNames,
  withNames,
} from './test-merged.ts'
import type { LayerName } from './test-merged.ts'
import { buildTextEncoder } from './text-encoder.ts'
import { buildUnet } from './unet.ts'

const { temporaryFolder } = testModels(onTestFinished)

/** How a dialect names a layer's two factors, and its alpha where it has one. */
type Dialect = (name: LayerName) => { readonly up: string; readonly down: string; readonly alpha?: string }

const DIALECTS: Readonly<Record<string, Dialect>> = {
  'kohya, diffusers’ names': (name) => ({
    ...dotted(kohya(name), 'lora_up', 'lora_down'),
    alpha: `${kohya(name)}.alpha`,
  }),
  'kohya, the original’s names': (name) => ({
    ...dotted(withLdmNames(name), 'lora_up', 'lora_down'),
    alpha: `${withLdmNames(name)}.alpha`,
  }),
  'PEFT in diffusers': (name) => dotted(`unet.${name}`),
  'PEFT by itself': (name) => dotted(`base_model.model.${name}`, 'lora_B.default', 'lora_A.default'),
  'diffusers’ training scripts': (name) => dotted(`unet.${name}`, 'lora.up', 'lora.down'),
  'diffusers, linear layers': (name) => dotted(`unet.${name}`, 'lora_linear_layer.up', 'lora_linear_layer.down'),
  ComfyUI: (name) => dotted(`diffusion_model.${LAYERS[name].ldm}`, 'lora_up', 'lora_down'),
  'a U-Net alone': (name) => dotted(name, 'lora.up', 'lora.down'),
}

describe.for(Object.keys(DIALECTS))('%s', (dialect) => {
  test('changes every layer by weight · alpha / rank · up · down', async () => {
    const tensors: Record<string, Factor> = {}
    const additions: Record<string, Addition> = {}
    for (const [i, name] of LAYER_NAMES.entries()) {
      const names = DIALECTS[dialect]?.(name)
      if (!names) throw new Error('expected a dialect')
      const { up, down } = factors(name, i)
      tensors[names.up] = up
      tensors[names.down] = down
      if (names.alpha !== undefined) tensors[names.alpha] = scalar(1 + i)
      const scale = names.alpha === undefined ? 1 : (1 + i) / RANK
      additions[`${name}.weight`] = added(product(up, down), 0.7 * scale)
    }
    await expectMerged(tensors, additions, 0.7, dialect.startsWith('kohya') ? ['small', 'fast'] : ['small'])
  })
})

test('diffusers’ first LoRAs hang on attention processors', async () => {
  const tensors: Record<string, Factor> = {}
  const additions: Record<string, Addition> = {}
  for (const [i, name] of ATTENTION.entries()) {
    const { up, down } = factors(name, i)
    const processor = name.replace(/\.(to_\w+)(?:\.0)?$/, '.processor.$1_lora')
    tensors[`unet.${processor}.up.weight`] = up
    tensors[`unet.${processor}.down.weight`] = down
    additions[`${name}.weight`] = added(product(up, down), 1)
  }
  await expectMerged(tensors, additions)
})

describe('text encoders', () => {
  let sdxl: Checkpoint
  beforeAll(async () => {
    sdxl = await openCheckpoint(SOUND_MODELS.sdxl, { textEncoders: [{ headCount: 2 }, { headCount: 4 }] })
  })

  const ids = BigInt64Array.of(49406n, 320n, 1125n, 49407n)
  async function context(checkpoint: Checkpoint, place: number): Promise<Tensor> {
    const part = checkpoint.textEncoders[place]
    if (!part) throw new Error('expected a text encoder')
    const network = await loadNetwork(buildTextEncoder(part, { withPooled: place === 1 }))
    const outputs = await network.run({ input_ids: { shape: [1, 4], data: ids } })
    await network.release()
    return outputs['pooled'] ?? outputs['context'] ?? tensor([0])
  }

  const layer = (name: string) => `text_model.encoder.layers.0.${name}`
  test.for([
    [
      'kohya',
      'lora_te1_text_model_encoder_layers_0_self_attn_k_proj',
      'lora_te2_text_model_encoder_layers_0_self_attn_k_proj',
    ],
    [
      'diffusers',
      'text_encoder.text_model.encoder.layers.0.self_attn.k_proj',
      'text_encoder_2.text_model.encoder.layers.0.self_attn.k_proj',
    ],
    [
      'ComfyUI',
      'text_encoders.clip_l.transformer.text_model.encoder.layers.0.self_attn.k_proj',
      'text_encoders.clip_g.transformer.text_model.encoder.layers.0.self_attn.k_proj',
    ],
  ] as const)('%s: each of SD XL’s two is changed, a key within a fused weight too', async ([, ...stems]) => {
    const tensors: Record<string, Factor> = {}
    const widths = [16, 24]
    for (const [place, stem] of stems.entries()) {
      const width = widths[place] ?? 0
      tensors[`${stem}.lora_up.weight`] = factor(place, [width, 2])
      tensors[`${stem}.lora_down.weight`] = factor(place + 5, [2, width])
    }
    const found = await joined(await temporaryFolder(), tensors, 0, 0.8, sdxl)
    expect(found.unet.deltas).toBeUndefined()
    for (const [place, stem] of stems.entries()) {
      const part = sdxl.textEncoders[place]
      const [up, down] = [tensors[`${stem}.lora_up.weight`], tensors[`${stem}.lora_down.weight`]]
      if (!part || !up || !down) throw new Error('expected both')
      const additions = { [`${layer('self_attn.k_proj')}.weight`]: added(product(up, down), 0.8) }
      const changed = { ...part, ...(await merged(part, additions, join(await temporaryFolder(), 'merged.bin'))) }
      const reference = await context({ ...sdxl, textEncoders: [changed] }, 0)
      expect(reference.shape).toEqual((await context({ ...sdxl, textEncoders: [part] }, 0)).shape)
      const unchanged = await context({ ...sdxl, textEncoders: [part] }, 0)
      expect(difference(reference, unchanged)).toBeGreaterThan(1e-4)
      const own = found.textEncoders[place]
      if (!own) throw new Error('expected a text encoder')
      expect(difference(await context({ ...sdxl, textEncoders: [own] }, 0), reference)).toBeLessThan(TOLERANCE)
    }
  })
})

test('several add up, in any order up to rounding; one of weight 0 leaves the graph as it is', async () => {
  const model = await tinyModel()
  const folder = await temporaryFolder()
  const made = await Promise.all(
    [0, 1, 2].map((i) =>
      writeLora(join(folder, `${i}.safetensors`), {
        ...withNames(dotted(`unet.${LINEAR}`), factors(LINEAR, i).up, factors(LINEAR, i).down),
      }),
    ),
  )
  const loras = await Promise.all(made.map((path) => openLora(path)))
  const use = (weights: readonly number[], order: readonly number[]) =>
    withLoras(
      model,
      order.flatMap((i) => {
        const lora = loras[i]
        return lora ? [{ lora, weight: weights[i] ?? 0, textWeight: 1 }] : []
      }),
      silent,
    ).unet
  const weights = [0.5, -1, 2]
  const additions = {
    [`${LINEAR}.weight`]: (values: Float64Array, shape: readonly number[]) => {
      const each = weights.map((weight, i) => {
        const { up, down } = factors(LINEAR, i)
        return added(product(up, down), weight)(values, shape)
      })
      return values.map((_, at) => each.reduce((sum, own) => sum + (own[at] ?? NaN), 0))
    },
  }
  const reference = await predicted(await merged(model.unet, additions, join(folder, 'merged.bin')))
  for (const order of [
    [0, 1, 2],
    [2, 0, 1],
  ]) {
    expect(relative(await predicted(use(weights, order)), reference)).toBeLessThan(TOLERANCE)
  }
  expect(buildUnet(use([0, 0, 0], [0, 1, 2])).bytes).toEqual(buildUnet(model.unet).bytes)
})

test('a LoRA on another drive comes as bytes of the graph', async () => {
  const model = await tinyModel()
  const folder = await temporaryFolder()
  const path = await writeLora(join(folder, 'far.safetensors'), { w: factor(1, [2, 3]) })
  const [name, data] = [model.unet.weights.require('conv_in.weight'), (await readSafetensors(path)).entries.get('w')]
  if (!data) throw new Error('expected w')
  const weights = [name, data].map(({ name, file, offset, sizeBytes, shape }) => {
    return { name, type: 'float' as const, shape, file, offset, length: sizeBytes }
  })
  const { initializers, weights: near } = placed(weights, (file) => (file.endsWith('far.safetensors') ? 'D:' : 'C:'))
  expect(near.map((weight) => weight.name)).toEqual([name.name])
  const bytes = initializers[1]?.data
  if (!(bytes instanceof Uint8Array)) throw new Error('expected bytes')
  expect(new Float32Array(bytes.slice().buffer)).toEqual(Float32Array.from(factor(1, [2, 3]).values))
})
