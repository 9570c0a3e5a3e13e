import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import type { UnetConfig } from '../checkpoint/config.ts'
import { openCheckpoint } from '../checkpoint/open.ts'
import { openControlNet } from '../checkpoint/parts/controlnet.ts'
import { randomFill, writeControlNet } from '../checkpoint/parts/test-controlnet.ts'
import type { Fill, TestControlNet } from '../checkpoint/parts/test-controlnet.ts'
import { SOUND_MODELS, testModels } from '../checkpoint/test-models.ts'
import type { Component } from '../checkpoint/weights.ts'
import { loadNetwork } from '../runtime/network.ts'
import { gaussianNoise } from '../tensor/noise.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { buildControlNet } from './controlnet.ts'
import { buildUnet, residualNames } from './unet.ts'

const { temporaryFolder } = testModels(onTestFinished)
const WIDTHS = [4, 6, 8, 10] as const

let base: Component<UnetConfig>

beforeAll(async () => {
  base = (await openCheckpoint(SOUND_MODELS.singleFile)).unet
})

type Outputs = Record<string, Tensor>
type Feeds = Parameters<Awaited<ReturnType<typeof loadNetwork>>['run']>[0]

async function controlNet(
  model: Component<UnetConfig>,
  options: TestControlNet,
): Promise<(feeds: Feeds) => Promise<Outputs>> {
  const path = join(await temporaryFolder(), 'control.safetensors')
  await writeControlNet(path, model, { hintWidths: WIDTHS, ...options })
  const network = await loadNetwork(buildControlNet(await openControlNet(path, model)))
  onTestFinished(() => network.release())
  return (feeds) => network.run(feeds)
}

function inputs(model: Component<UnetConfig> = base, [height, width] = [8, 16]) {
  const { crossAttentionDim, vector } = model.config
  return {
    sample: gaussianNoise(1, 0, [1, 4, height, width]),
    timestep: tensor([1], Float32Array.of(500)),
    context: gaussianNoise(2, 0, [1, 77, crossAttentionDim]),
    ...(vector === null ? {} : { vector: gaussianNoise(3, 0, [1, vector.size]) }),
  }
}

function picture([height, width] = [64, 128]): Tensor {
  const noise = gaussianNoise(4, 0, [1, 3, height, width])
  return tensor(
    noise.shape,
    noise.data.map((value) => Math.min(1, Math.abs(value) / 3)),
  )
}

const full = tensor([1], Float32Array.of(1))

function difference(a: Tensor | undefined, b: Tensor | undefined): number {
  expect(a?.shape).toEqual(b?.shape)
  return a?.data.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b?.data[i] ?? NaN))), 0) ?? NaN
}

/** The base's own weights, a picture that is not seen, and zero convolutions that pass everything on. */
const transparent: Fill = (name, shape) => {
  if (name.startsWith('controlnet_cond_embedding.conv_out')) return new Float32Array(shape.reduce((a, b) => a * b))
  if (!/^controlnet_(?:down_blocks|mid_block)/.test(name)) return null
  const [size = 0] = shape
  const values = new Float32Array(shape.reduce((a, b) => a * b))
  if (name.endsWith('.weight')) for (let i = 0; i < size; i++) values[i * size + i] = 1
  return values
}

test.each([
  ['Stable Diffusion 1', SOUND_MODELS.singleFile],
  ['Stable Diffusion 2', SOUND_MODELS.sd2],
  ['Stable Diffusion XL', SOUND_MODELS.sdxl],
])('a copy of the way down of %s gives what flows through it: every skip in order, and the middle', async (_, path) => {
  const { unet } = await openCheckpoint(path)
  const run = await controlNet(unet, { fill: transparent })
  const tapped = await loadNetwork(buildUnet(unet, { withTaps: true }))
  onTestFinished(() => tapped.release())
  const residuals = await run({ ...inputs(unet), hint: picture(), scale: full })
  const taps = await tapped.run(inputs(unet))
  const names = residualNames(Object.keys(residuals).length - 1)
  expect(Object.keys(residuals)).toEqual(names)
  for (const [i, name] of names.entries()) {
    const tap = name === 'residuals.middle' ? 'middle_block' : `input_blocks.${i}`
    expect(difference(residuals[name], taps[tap]), name).toBeLessThan(2e-5)
  }
})

test('the picture is embedded by eight convolutions with SiLU between them and joins what the first convolution gives', async () => {
  const run = await controlNet(base, {})
  const feeds = { ...inputs(base, [4, 2]), hint: picture([32, 16]), scale: tensor([1], Float32Array.of(0.5)) }
  const { 'residuals.0': residual } = await run(feeds)

  const weight = (name: string, shape: number[]) => [...(randomFill(name, shape) ?? [])]
  const layer = (name: string, x: Volume, out: number, kernel: number, stride = 1): Volume =>
    plainConv(
      x,
      weight(`${name}.weight`, [out, x.channels, kernel, kernel]),
      weight(`${name}.bias`, [out]),
      kernel,
      stride,
    )
  const embedding = 'controlnet_cond_embedding'
  let h = plainSilu(layer(`${embedding}.conv_in`, volumeOf(feeds.hint), 4, 3))
  for (const [i, [out, stride]] of (
    [
      [4, 1],
      [6, 2],
      [6, 1],
      [8, 2],
      [8, 1],
      [10, 2],
    ] as const
  ).entries()) {
    h = plainSilu(layer(`${embedding}.blocks.${i}`, h, out, 3, stride))
  }
  const hint = layer(`${embedding}.conv_out`, h, 32, 3)
  const first = layer('conv_in', volumeOf(feeds.sample), 32, 3)
  const sum = { ...first, values: first.values.map((value, i) => value + (hint.values[i] ?? NaN)) }
  const expected = layer('controlnet_down_blocks.0', sum, 32, 1).values.map((value) => value / 2)
  expect(residual?.shape).toEqual([1, 32, 4, 2])
  expect(expected.every(Number.isFinite)).toBe(true)
  for (const [i, value] of expected.entries()) expect(residual?.data[i]).toBeCloseTo(value, 5)
})

test('the original layout, with its prefix and without, and that of diffusers give the same bytes', async () => {
  const feeds = { ...inputs(), hint: picture(), scale: full }
  const [first, ...others] = await Promise.all(
    (['original', 'without prefix', 'diffusers'] as const).map(async (layout) =>
      (await controlNet(base, { layout }))(feeds),
    ),
  )
  for (const other of others) expect(other).toEqual(first)
})

test('a file that holds the difference is the base with the difference added', async () => {
  const feeds = { ...inputs(), hint: picture(), scale: full }
  const isOwn = (name: string) => name.startsWith('controlnet_')
  const nothing: Fill = (name, shape) =>
    isOwn(name) ? randomFill(name, shape) : new Float32Array(shape.reduce((a, b) => a * b))
  const same: Fill = (name, shape) => (isOwn(name) ? randomFill(name, shape) : null)
  const unchanged = await (await controlNet(base, { fill: nothing, layout: 'difference' }))(feeds)
  const whole = await (await controlNet(base, { fill: same }))(feeds)
  const changed = await (await controlNet(base, { layout: 'difference' }))(feeds)
  for (const name of Object.keys(whole)) expect(difference(unchanged[name], whole[name])).toBeLessThan(1e-6)
  expect(difference(changed['residuals.middle'], whole['residuals.middle'])).toBeGreaterThan(1e-3)
})

test('the U-Net adds each residual to its skip: what comes before on the way up does not change', async () => {
  const network = await loadNetwork(buildUnet(base, { withTaps: true, withResiduals: true }))
  onTestFinished(() => network.release())
  const plain = await loadNetwork(buildUnet(base, { withTaps: true }))
  onTestFinished(() => plain.release())
  const control = await controlNet(base, {})
  const feeds = inputs()
  const residuals = await control({ ...feeds, hint: picture(), scale: full })
  const nothing = Object.fromEntries(Object.entries(residuals).map(([name, { shape }]) => [name, tensor(shape)]))
  const without = await network.run({ ...feeds, ...nothing })
  expect(without).toEqual(await plain.run(feeds))
  const last = Object.keys(residuals).length - 2
  for (const [i, name] of residualNames(last + 1).entries()) {
    const added = await network.run({ ...feeds, ...nothing, [name]: residuals[name] ?? full })
    const first = name === 'residuals.middle' ? 0 : last - i
    for (let block = 0; block <= last; block++) {
      const change = difference(added[`output_blocks.${block}`], without[`output_blocks.${block}`])
      expect(change > 0, `${name} at output_blocks.${block}`).toBe(block >= first)
    }
  }
})

/** [channels, height, width] in float64. */
interface Volume {
  readonly channels: number
  readonly height: number
  readonly width: number
  readonly values: readonly number[]
}

function volumeOf({ shape: [, channels = 0, height = 0, width = 0], data }: Tensor): Volume {
  return { channels, height, width, values: [...data] }
}

function plainSilu(x: Volume): Volume {
  return { ...x, values: x.values.map((value) => value / (1 + Math.exp(-value))) }
}

/** A convolution as its definition says, padded to keep the size at stride 1. */
function plainConv(x: Volume, weight: number[], bias: number[], kernel: number, stride: number): Volume {
  const edge = (kernel - 1) / 2
  const [height, width] = [Math.ceil(x.height / stride), Math.ceil(x.width / stride)]
  const at = (c: number, row: number, column: number) =>
    row < 0 || column < 0 || row >= x.height || column >= x.width
      ? 0
      : (x.values[(c * x.height + row) * x.width + column] ?? NaN)
  const values: number[] = []
  for (let out = 0; out < bias.length; out++) {
    for (let i = 0; i < height * width; i++) {
      const [row, column] = [Math.floor(i / width) * stride - edge, (i % width) * stride - edge]
      let sum = bias[out] ?? NaN
      for (let j = 0; j < x.channels * kernel * kernel; j++) {
        const [c, dy, dx] = [Math.floor(j / kernel ** 2), Math.floor(j / kernel) % kernel, j % kernel]
        sum += at(c, row + dy, column + dx) * (weight[out * x.channels * kernel ** 2 + j] ?? NaN)
      }
      values.push(sum)
    }
  }
  return { channels: bias.length, height, width, values }
}
