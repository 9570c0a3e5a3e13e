import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openCheckpoint } from '../checkpoint/open.ts'
import { valueCount } from '../checkpoint/tensor-index.ts'
import { asGguf, asTorch } from '../checkpoint/test-formats.ts'
import { SOUND_MODELS, testModels } from '../checkpoint/test-models.ts'
import { loadNetwork } from '../runtime/network.ts'
import type { Feed } from '../runtime/network.ts'
import { tensor } from '../tensor/tensor.ts'
import { buildTextEncoder } from './text-encoder.ts'
import { buildUnet } from './unet.ts'

const { temporaryFolder } = testModels(onTestFinished)
const heads = { unet: { headCount: [8, 8, 8, 8] } }

const wave = (shape: number[]) =>
  tensor(
    shape,
    Float32Array.from({ length: valueCount(shape) }, (_, i) => Math.sin(i)),
  )

/** What a model's text encoder makes of some ids, and its U-Net of a wave. */
async function outputs(
  path: string,
  memory: 'fast' | 'small' = 'fast',
): Promise<{ context: Float32Array; noise: Float32Array }> {
  const { textEncoders, unet } = await openCheckpoint(path, heads)
  const ids = BigInt64Array.from({ length: 77 }, (_, i) => BigInt(i === 0 ? 49406 : i < 9 ? 320 + 77 * i : 49407))
  const run = async (graph: Parameters<typeof loadNetwork>[0], feeds: Record<string, Feed>) => {
    const network = await loadNetwork(graph, { memory })
    const [first] = Object.values(await network.run(feeds))
    await network.release()
    return first?.data ?? new Float32Array()
  }
  const context = await run(buildTextEncoder(textEncoders[0]), { input_ids: { shape: [1, 77], data: ids } })
  const feeds = {
    sample: wave([1, 4, 8, 8]),
    timestep: tensor([1], Float32Array.of(500)),
    context: wave([1, 77, 32]),
  }
  return { context, noise: await run(buildUnet(unet), feeds) }
}

async function written(bytes: Buffer): Promise<string> {
  const path = join(await temporaryFolder(), 'model.bin')
  await writeFile(path, bytes)
  return path
}

test('the same weights in another file give the same numbers, to the bit', async () => {
  const expected = await outputs(SOUND_MODELS.singleFile)
  expect(expected.noise.length).toBe(256)
  expect(await outputs(await written(await asTorch(SOUND_MODELS.singleFile)))).toEqual(expected)
  expect(await outputs(await written(await asGguf(SOUND_MODELS.singleFile)))).toEqual(expected)
})

test('8-bit blocks give nearly the same, however much memory there is', async () => {
  const expected = await outputs(SOUND_MODELS.singleFile)
  const path = await written(await asGguf(SOUND_MODELS.singleFile, true))
  for (const memory of ['fast', 'small'] as const) {
    const found = await outputs(path, memory)
    for (const name of ['context', 'noise'] as const) {
      const errors = expected[name].map((value, i) => Math.abs(value - (found[name][i] ?? NaN)))
      // Outputs have a deviation of about 1; a block rounds to 1/254 of its largest value.
      expect(Math.max(...errors)).toBeLessThan(0.1)
      expect(Math.max(...errors)).toBeGreaterThan(1e-4)
    }
  }
})
