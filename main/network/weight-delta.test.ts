import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { openCheckpoint } from '../checkpoint/open.ts'
import type { Checkpoint } from '../checkpoint/open.ts'
import { withLoras } from '../checkpoint/parts/lora/apply.ts'
import { openLora } from '../checkpoint/parts/lora/lora.ts'
import type { UnetConfig } from '../checkpoint/config.ts'
import { readSafetensors } from '../checkpoint/safetensors.ts'
import { SOUND_MODELS } from '../checkpoint/test-models.ts'
import type { Component } from '../checkpoint/weights.ts'
import { loadNetwork } from '../runtime/network.ts'
import type { MemoryUse } from '../runtime/network.ts'
import { gaussianNoise } from '../tensor/noise.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { placed } from './stored-weight.ts'
import { buildTextEncoder } from './text-encoder.ts'
import { factor, merged, scalar, writeLora } from './test-lora.ts'
import type { Addition, Factor } from './test-lora.ts'
import { buildUnet } from './unet.ts'

/** Largest difference of a pass from the same network with the weights merged in float64, in shares of the largest value. */
const TOLERANCE = 2e-5

let model: Checkpoint
let sdxl: Checkpoint
let plain: Tensor

beforeAll(async () => {
  model = await openCheckpoint(SOUND_MODELS.singleFile)
  sdxl = await openCheckpoint(SOUND_MODELS.sdxl, { textEncoders: [{ headCount: 2 }, { headCount: 4 }] })
  plain = await predicted(model.unet)
})

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lora-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** The model with one LoRA of these tensors. */
async function joined(tensors: Readonly<Record<string, Factor>>, weight = 1, textWeight = weight, to = model) {
  const path = await writeLora(join(await temporaryFolder(), 'style.safetensors'), tensors)
  return withLoras(to, [{ lora: await openLora(path), weight, textWeight }], silent)
}

async function predicted(unet: Component<UnetConfig>, memory: MemoryUse = 'small'): Promise<Tensor> {
  const network = await loadNetwork(buildUnet(unet), { memory })
  const { prediction } = await network.run({
    sample: gaussianNoise(1, 0, [1, 4, 8, 8]),
    timestep: tensor([1], Float32Array.of(400)),
    context: gaussianNoise(2, 0, [1, 7, 32]),
  })
  await network.release()
  if (!prediction) throw new Error('expected a prediction')
  return prediction
}

function difference(a: Tensor, b: Tensor): number {
  expect(a.shape).toEqual(b.shape)
  return a.data.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b.data[i] ?? NaN))), 0)
}

/** Of `a` from the reference, in shares of the reference's largest value. */
function relative(a: Tensor, reference: Tensor): number {
  return difference(a, reference) / reference.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
}

/** The U-Net with the LoRA predicts what the merged one does, and something else than without it. */
async function expectMerged(
  tensors: Readonly<Record<string, Factor>>,
  additions: Readonly<Record<string, Addition>>,
  weight = 1,
  uses: readonly MemoryUse[] = ['small'],
): Promise<void> {
  const { unet } = await joined(tensors, weight)
  const reference = await predicted(await merged(model.unet, additions, join(await temporaryFolder(), 'merged.bin')))
  expect(relative(reference, plain)).toBeGreaterThan(10 * TOLERANCE)
  for (const memory of uses) expect(relative(await predicted(unet, memory), reference)).toBeLessThan(TOLERANCE)
}

const size = (shape: readonly number[]) => shape.reduce((all, length) => all * length, 1)
const at = ({ values, shape }: Factor, ...index: number[]) =>
  values[index.reduce((offset, i, axis) => offset * (shape[axis] ?? 1) + i, 0)] ?? NaN
const kernelOf = (shape: readonly number[]) => size(shape.slice(2))

/** A matrix [out, in·kernel] given by its values. */
type Matrix = (o: number, column: number) => number

/** [o, r] · [r, in·kernel] */
const product = (left: Factor, right: Factor): Matrix => {
  const rank = right.shape[0] ?? 0
  const width = size(right.shape.slice(1))
  return (o, column) => {
    let sum = 0
    for (let r = 0; r < rank; r++) sum += (left.values[o * rank + r] ?? NaN) * (right.values[r * width + column] ?? NaN)
    return sum
  }
}

/** sum of left(a, o) core[a, b, k] right[b, i] */
const tucker = (left: (a: number, o: number) => number, core: Factor, right: Factor): Matrix => {
  const [ranks = 0, inner = 0] = core.shape
  const kernel = kernelOf(core.shape)
  const coreAt = (a: number, b: number, k: number) => core.values[(a * inner + b) * kernel + k] ?? NaN
  return (o, column) => {
    let sum = 0
    for (let a = 0; a < ranks; a++) {
      for (let b = 0; b < inner; b++) {
        sum += left(a, o) * coreAt(a, b, column % kernel) * at(right, b, Math.floor(column / kernel))
      }
    }
    return sum
  }
}

const kronecker = (outer: Factor, inner: Matrix, innerOut: number, innerColumns: number): Matrix => {
  return (o, column) =>
    at(outer, Math.floor(o / innerOut), Math.floor(column / innerColumns)) * inner(o % innerOut, column % innerColumns)
}

/** The matrix as an addition to a weight, `scale` times. */
const added = (matrix: Matrix, scale: number): Addition => {
  return (values, shape) => {
    const columns = size(shape.slice(1))
    return values.map((_, i) => scale * matrix(Math.floor(i / columns), i % columns))
  }
}

/** DoRA: V = W + scale·matrix, brought to the lengths, minus W. */
const decomposed = (matrix: Matrix, scale: number, lengths: Factor, axis: 'out' | 'in', amount = 1): Addition => {
  return (values, shape) => {
    const columns = size(shape.slice(1))
    const group = (i: number) =>
      axis === 'out' ? Math.floor(i / columns) : Math.floor((i % columns) / kernelOf(shape))
    const changed = values.map((value, i) => value + scale * matrix(Math.floor(i / columns), i % columns))
    const squares = new Map<number, number>()
    changed.forEach((value, i) => squares.set(group(i), (squares.get(group(i)) ?? 0) + value ** 2))
    return values.map((value, i) => {
      const length = Math.sqrt(squares.get(group(i)) ?? NaN)
      return amount * (((changed[i] ?? NaN) * (lengths.values[group(i)] ?? NaN)) / length - value)
    })
  }
}

/** Layers of every sort: cross-attention, both halves of a GEGLU, convolutions, the time embedding's projection. */
const LAYERS = {
  'down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k': {
    ldm: 'input_blocks.1.1.transformer_blocks.0.attn2.to_k',
    shape: [32, 32],
  },
  'up_blocks.1.attentions.0.transformer_blocks.0.attn1.to_out.0': {
    ldm: 'output_blocks.3.1.transformer_blocks.0.attn1.to_out.0',
    shape: [32, 32],
  },
  'down_blocks.0.attentions.0.transformer_blocks.0.ff.net.0.proj': {
    ldm: 'input_blocks.1.1.transformer_blocks.0.ff.net.0.proj',
    shape: [256, 32],
  },
  'mid_block.attentions.0.proj_in': { ldm: 'middle_block.1.proj_in', shape: [64, 64, 1, 1] },
  'down_blocks.1.resnets.0.conv1': { ldm: 'input_blocks.4.0.in_layers.2', shape: [32, 32, 3, 3] },
  'up_blocks.0.resnets.0.time_emb_proj': { ldm: 'output_blocks.0.0.emb_layers.1', shape: [64, 128] },
} as const
type LayerName = keyof typeof LAYERS
const LAYER_NAMES = Object.keys(LAYERS) as LayerName[]
const ATTENTION = LAYER_NAMES.slice(0, 2)
const LINEAR = 'down_blocks.0.attentions.0.transformer_blocks.0.ff.net.0.proj'
const CONV = 'down_blocks.1.resnets.0.conv1'
const RANK = 2

const underscored = (name: string) => name.replaceAll('.', '_')
const withLdmNames = (name: LayerName) => `lora_unet_${underscored(LAYERS[name].ldm)}`
const kohya = (name: LayerName) => `lora_unet_${underscored(name)}`

/** How a dialect names a layer's two factors, and its alpha where it has one. */
type Dialect = (name: LayerName) => { readonly up: string; readonly down: string; readonly alpha?: string }

const dotted = (stem: string, up = 'lora_B', down = 'lora_A') => ({
  up: `${stem}.${up}.weight`,
  down: `${stem}.${down}.weight`,
})
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

/** Rank 2 factors of a layer, shaped as its kind of layer has them. */
function factors(name: LayerName, seed: number) {
  const [out, inputs, ...kernel] = LAYERS[name].shape
  return { up: factor(seed, [out, RANK, ...kernel.map(() => 1)]), down: factor(seed + 50, [RANK, inputs, ...kernel]) }
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

describe('algorithms', () => {
  const alpha = scalar(3)

  test('LoCon with a core between the factors of a convolution', async () => {
    const [up, mid, down] = [factor(1, [32, 3, 1, 1]), factor(2, [3, 3, 3, 3]), factor(3, [3, 32, 1, 1])]
    const stem = withLdmNames(CONV)
    await expectMerged(
      {
        [`${stem}.lora_up.weight`]: up,
        [`${stem}.lora_mid.weight`]: mid,
        [`${stem}.lora_down.weight`]: down,
        [`${stem}.alpha`]: alpha,
      },
      {
        [`${CONV}.weight`]: added(
          tucker((a, o) => up.values[o * 3 + a] ?? NaN, mid, { ...down, shape: [3, 32] }),
          1,
        ),
      },
    )
  })

  test.for([LINEAR, CONV] as const)('LoHa on %s', async (layer) => {
    const [out, inputs, ...kernel] = LAYERS[layer].shape
    const width = inputs * size(kernel)
    const [a1, b1, a2, b2] = [factor(1, [out, 2]), factor(2, [2, width]), factor(3, [out, 2]), factor(4, [2, width])]
    const [first, second] = [product(a1, b1), product(a2, b2)]
    const stem = kohya(layer)
    await expectMerged(
      {
        [`${stem}.hada_w1_a`]: a1,
        [`${stem}.hada_w1_b`]: b1,
        [`${stem}.hada_w2_a`]: a2,
        [`${stem}.hada_w2_b`]: b2,
        [`${stem}.alpha`]: alpha,
      },
      { [`${layer}.weight`]: added((o, c) => first(o, c) * second(o, c), 1.5) },
    )
  })

  test('LoHa with cores', async () => {
    const core = [2, 2, 3, 3]
    const parts = [
      factor(1, [2, 32], 1),
      factor(2, [2, 32], 1),
      factor(3, core, 1),
      factor(4, [2, 32], 1),
      factor(5, [2, 32], 1),
      factor(6, core, 1),
    ] as const
    const [a1, b1, t1, a2, b2, t2] = parts
    const [first, second] = [tucker((a, o) => at(a1, a, o), t1, b1), tucker((a, o) => at(a2, a, o), t2, b2)]
    const stem = kohya(CONV)
    const names = ['hada_w1_a', 'hada_w1_b', 'hada_t1', 'hada_w2_a', 'hada_w2_b', 'hada_t2']
    await expectMerged(
      {
        ...Object.fromEntries(names.map((name, i) => [`${stem}.${name}`, parts[i] ?? alpha])),
        [`${stem}.alpha`]: scalar(0.2),
      },
      { [`${CONV}.weight`]: added((o, c) => first(o, c) * second(o, c), 0.1) },
    )
  })

  test('LoKr of two whole matrices takes no notice of alpha', async () => {
    const [w1, w2] = [factor(1, [8, 4]), factor(2, [32, 8])]
    const stem = kohya(LINEAR)
    const inner: Matrix = (o, c) => at(w2, o, c)
    await expectMerged(
      { [`${stem}.lokr_w1`]: w1, [`${stem}.lokr_w2`]: w2, [`${stem}.alpha`]: scalar(1e6) },
      { [`${LINEAR}.weight`]: added(kronecker(w1, inner, 32, 8), 1) },
    )
  })

  test('LoKr with its second matrix in factors, of a convolution', async () => {
    const [w1, a, b] = [factor(1, [4, 8]), factor(2, [8, 3]), factor(3, [3, 4 * 9])]
    const stem = kohya(CONV)
    await expectMerged(
      { [`${stem}.lokr_w1`]: w1, [`${stem}.lokr_w2_a`]: a, [`${stem}.lokr_w2_b`]: b, [`${stem}.alpha`]: alpha },
      { [`${CONV}.weight`]: added(kronecker(w1, product(a, b), 8, 36), 1) },
    )
  })

  test('LoKr with factors on both sides, and a core', async () => {
    const parts = [
      factor(1, [4, 2], 1),
      factor(2, [2, 8], 1),
      factor(3, [2, 8], 1),
      factor(4, [2, 4], 1),
      factor(5, [2, 2, 3, 3], 1),
    ] as const
    const [w1a, w1b, a, b, core] = parts
    const outer = product(w1a, w1b)
    const whole = {
      shape: [4, 8],
      values: Float64Array.from({ length: 32 }, (_, i) => outer(Math.floor(i / 8), i % 8)),
    }
    const stem = kohya(CONV)
    const names = ['lokr_w1_a', 'lokr_w1_b', 'lokr_w2_a', 'lokr_w2_b', 'lokr_t2']
    await expectMerged(
      {
        ...Object.fromEntries(names.map((name, i) => [`${stem}.${name}`, parts[i] ?? alpha])),
        [`${stem}.alpha`]: scalar(0.2),
      },
      {
        [`${CONV}.weight`]: added(
          kronecker(
            whole,
            tucker((r, o) => at(a, r, o), core, b),
            8,
            36,
          ),
          0.1,
        ),
      },
    )
  })

  test('whole differences, of weights, biases and norms', async () => {
    const [weight, bias, gain, shift] = [factor(1, [32, 32, 3, 3]), factor(2, [32]), factor(3, [32]), factor(4, [32])]
    const norm = 'down_blocks.1.resnets.0.norm1'
    const halved =
      ({ values }: Factor): Addition =>
      () =>
        values.map((value) => value * 0.5)
    await expectMerged(
      {
        [`${kohya(CONV)}.diff`]: weight,
        [`${kohya(CONV)}.diff_b`]: bias,
        [`lora_unet_${underscored(norm)}.w_norm`]: gain,
        [`lora_unet_${underscored(norm)}.b_norm`]: shift,
      },
      {
        [`${CONV}.weight`]: halved(weight),
        [`${CONV}.bias`]: halved(bias),
        [`${norm}.weight`]: halved(gain),
        [`${norm}.bias`]: halved(shift),
      },
      0.5,
    )
  })

  test.for([0, 1])('(IA)³, on_input %i', async (onInput) => {
    const gains = factor(1, onInput ? [1, 32, 1, 1] : [32])
    await expectMerged(
      { [`${kohya(CONV)}.weight`]: gains, [`${kohya(CONV)}.on_input`]: scalar(onInput) },
      {
        [`${CONV}.weight`]: (values, shape) => {
          const columns = size(shape.slice(1))
          const unit = (i: number) => (onInput ? Math.floor((i % columns) / 9) : Math.floor(i / columns))
          return values.map((value, i) => value * (gains.values[unit(i)] ?? NaN))
        },
      },
    )
  })

  const lengths = (seed: number, shape: readonly number[]) => {
    const { values } = factor(seed, shape, 0.2)
    return { shape, values: values.map((value) => Math.fround(1 + value)) }
  }

  test.for(['in', 'out'] as const)('DoRA with the lengths of %s, as LyCORIS has it', async (axis) => {
    const tensors: Record<string, Factor> = {}
    const additions: Record<string, Addition> = {}
    for (const layer of [LINEAR, CONV] as const) {
      const [out, inputs, ...kernel] = LAYERS[layer].shape
      const ones = kernel.map(() => 1)
      const { up, down } = factors(layer, 7)
      const scale = lengths(9, axis === 'in' ? [1, inputs, ...ones] : [out, 1, ...ones])
      const stem = kohya(layer)
      Object.assign(tensors, {
        [`${stem}.lora_up.weight`]: up,
        [`${stem}.lora_down.weight`]: down,
        [`${stem}.alpha`]: alpha,
      })
      tensors[`${stem}.dora_scale`] = scale
      additions[`${layer}.weight`] = decomposed(product(up, down), 1.5, scale, axis, 0.6)
    }
    await expectMerged(tensors, additions, 0.6, ['small', 'fast'])
  })

  test('DoRA with the lengths of the outputs, as PEFT has it', async () => {
    const { up, down } = factors(CONV, 7)
    const magnitude = lengths(9, [1, 32, 1, 1])
    await expectMerged(
      { ...withNames(dotted(`unet.${CONV}`), up, down), [`unet.${CONV}.lora_magnitude_vector.weight`]: magnitude },
      { [`${CONV}.weight`]: decomposed(product(up, down), 1, magnitude, 'out') },
    )
  })

  test('DoRA over LoHa', async () => {
    const [a1, b1, a2, b2] = [factor(1, [256, 2]), factor(2, [2, 32]), factor(3, [256, 2]), factor(4, [2, 32])]
    const [first, second] = [product(a1, b1), product(a2, b2)]
    const scale = lengths(5, [1, 32])
    const stem = kohya(LINEAR)
    await expectMerged(
      {
        [`${stem}.hada_w1_a`]: a1,
        [`${stem}.hada_w1_b`]: b1,
        [`${stem}.hada_w2_a`]: a2,
        [`${stem}.hada_w2_b`]: b2,
        [`${stem}.dora_scale`]: scale,
      },
      { [`${LINEAR}.weight`]: decomposed((o, c) => first(o, c) * second(o, c), 1, scale, 'in') },
    )
  })
})

const withNames = ({ up, down }: { up: string; down: string }, left: Factor, right: Factor) => ({
  [up]: left,
  [down]: right,
})

describe('text encoders', () => {
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
    const found = await joined(tensors, 0, 0.8, sdxl)
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
