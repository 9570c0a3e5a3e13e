import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openImageEncoder } from '../checkpoint/parts/image-encoder.ts'
import { TINY_ENCODER, writeImageEncoder } from '../checkpoint/parts/test-image-prompt.ts'
import { editTensors, testModels } from '../checkpoint/test-models.ts'
import { gaussianNoise } from '../tensor/noise.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { buildImageEncoder } from './image-encoder.ts'
import { attended, dense, linear, norm, quickGelu, run, sum, weights } from './test-transformer.ts'
import type { Rows } from './test-transformer.ts'

const { temporaryFolder } = testModels(onTestFinished)

function expectClose(found: Tensor | undefined, expected: Rows): void {
  const values = expected.flat()
  expect(found?.data.length).toBe(values.length)
  expect(values.every(Number.isFinite)).toBe(true)
  for (const [i, value] of values.entries()) expect(found?.data[i]).toBeCloseTo(value, 5)
}

/** CLIP's vision transformer by its definition, in float64: the hidden states of each layer. */
function plainEncoder(pixels: Tensor): Rows[] {
  const { hiddenSize: width, patchPx, sizePx, layerCount, headCount } = TINY_ENCODER
  const grid = sizePx / patchPx
  const model = 'vision_model'
  const patches = Array.from({ length: grid * grid }, (_, i) =>
    Array.from({ length: 3 * patchPx * patchPx }, (_, j) => {
      const [channel, dy, dx] = [Math.floor(j / patchPx ** 2), Math.floor(j / patchPx) % patchPx, j % patchPx]
      const [y, x] = [Math.floor(i / grid) * patchPx + dy, (i % grid) * patchPx + dx]
      return pixels.data[(channel * sizePx + y) * sizePx + x] ?? NaN
    }),
  )
  const kernel = weights(`${model}.embeddings.patch_embedding.weight`, [width, 3, patchPx, patchPx])
  const tokens = [weights(`${model}.embeddings.class_embedding`, [width]), ...linear(patches, kernel, null, width)]
  const places = weights(`${model}.embeddings.position_embedding.weight`, [tokens.length, width])
  const placed = tokens.map((token, i) => token.map((value, j) => value + (places[i * width + j] ?? NaN)))
  const states = [norm(placed, `${model}.pre_layrnorm`)]
  for (let i = 0; i < layerCount; i++) {
    const layer = `${model}.encoder.layers.${i}`
    const x = states.at(-1) ?? []
    const normal = norm(x, `${layer}.layer_norm1`)
    const [q, k, v] = ['q', 'k', 'v'].map((letter) => dense(normal, `${layer}.self_attn.${letter}_proj`, width))
    const mixed = attended(q ?? [], k ?? [], v ?? [], headCount)
    const h = sum(x, dense(mixed, `${layer}.self_attn.out_proj`, width))
    const inner = dense(norm(h, `${layer}.layer_norm2`), `${layer}.mlp.fc1`, TINY_ENCODER.intermediateSize)
    states.push(sum(h, dense(quickGelu(inner), `${layer}.mlp.fc2`, width)))
  }
  return states
}

const PIXELS = gaussianNoise(5, 0, [1, 3, 4, 4])

test('an image encoder gives the projected class token, or the penultimate layer, as CLIP is defined', async () => {
  const path = join(await temporaryFolder(), 'encoder.safetensors')
  await writeImageEncoder(path)
  const encoder = await openImageEncoder(path)
  expect(encoder.config).toEqual(TINY_ENCODER)
  const states = plainEncoder(PIXELS)
  const whole = norm([states.at(-1)?.[0] ?? []], 'vision_model.post_layernorm')
  const { features: embedding } = await run(buildImageEncoder(encoder, 'embedding'), { pixels: PIXELS })
  expect(embedding?.shape).toEqual([1, 6])
  expectClose(embedding, dense(whole, 'visual_projection', 6, false))
  const { features: hidden } = await run(buildImageEncoder(encoder, 'hidden'), { pixels: PIXELS })
  expect(hidden?.shape).toEqual([1, 5, 16])
  expectClose(hidden, states.at(-2) ?? [])
})

test('an image encoder by the names of OpenCLIP, which joins query, key and value, is the same', async () => {
  const path = join(await temporaryFolder(), 'encoder.safetensors')
  await writeImageEncoder(path)
  const before = await run(buildImageEncoder(await openImageEncoder(path), 'embedding'), { pixels: PIXELS })
  await editTensors(path, (tensors) => {
    const joined = (kind: string, layer: number) => {
      const parts = ['q', 'k', 'v'].map((letter) =>
        tensors.get(`vision_model.encoder.layers.${layer}.self_attn.${letter}_proj.${kind}`),
      )
      const shape = kind === 'weight' ? [48, 16] : [48]
      return { dtype: 'F32', shape, bytes: Buffer.concat(parts.map((part) => part?.bytes ?? new Uint8Array())) }
    }
    for (const layer of [0, 1]) {
      for (const kind of ['weight', 'bias']) {
        tensors.set(`visual.transformer.resblocks.${layer}.attn.in_proj_${kind}`, joined(kind, layer))
      }
    }
    for (const [name, stored] of [...tensors]) {
      if (name.startsWith('visual.')) continue
      tensors.delete(name)
      if (/self_attn\.[qkv]_proj/.test(name)) continue
      const own = name
        .replace('vision_model.embeddings.class_embedding', 'class_embedding')
        .replace('vision_model.embeddings.patch_embedding', 'conv1')
        .replace('vision_model.embeddings.position_embedding.weight', 'positional_embedding')
        .replace('vision_model.pre_layrnorm', 'ln_pre')
        .replace('vision_model.post_layernorm', 'ln_post')
        .replace('vision_model.encoder.layers', 'transformer.resblocks')
        .replace('layer_norm', 'ln_')
        .replace('self_attn.out_proj', 'attn.out_proj')
        .replace('mlp.fc1', 'mlp.c_fc')
        .replace('mlp.fc2', 'mlp.c_proj')
      if (name !== 'visual_projection.weight') tensors.set(`visual.${own}`, stored)
      else {
        const values = new Float32Array(Uint8Array.from(stored.bytes).buffer)
        const turned = Float32Array.from({ length: 96 }, (_, i) => values[(i % 6) * 16 + Math.floor(i / 6)] ?? NaN)
        tensors.set('visual.proj', { dtype: 'F32', shape: [16, 6], bytes: new Uint8Array(turned.buffer) })
      }
    }
  })
  const encoder = await openImageEncoder(path)
  expect(encoder.config).toEqual({ ...TINY_ENCODER, projection: { size: 6, isTransposed: true } })
  expect(await run(buildImageEncoder(encoder, 'embedding'), { pixels: PIXELS })).toEqual(before)
})
