import { test } from 'vitest'
import { added, at, decomposed, factor, kronecker, product, scalar, size, tucker } from './test-lora.ts'
import type { Addition, Factor, Matrix } from './test-lora.ts'
import {
  CONV,
  LAYERS,
  LINEAR,
  dotted,
  expectMerged,
  factors,
  kohya,
  underscored,
  withLdmNames,
  withNames,
} from './test-merged.ts'

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
