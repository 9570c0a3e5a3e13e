import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readUnetConfig } from '../main/checkpoint/diffusers/unet-config.ts'
import { starterFolder } from './starter-task.ts'
import { countUnetFlops } from './unet-flops.ts'

const { config: starter } = await readUnetConfig(join(starterFolder, 'unet', 'config.json'))
const stableDiffusion1 = {
  ...starter,
  blockChannels: [320, 640, 1280, 1280],
  layersPerBlock: 2,
  downTransformerDepth: [1, 1, 1, 0],
  upTransformerDepth: [1, 1, 1, 0],
  middleTransformerDepth: 1,
  crossAttentionDim: 768,
}
const pass = { batch: 1, latentHeight: 64, latentWidth: 64, tokens: 77 }

test('a network of one level is counted by hand', () => {
  const config = {
    ...starter,
    blockChannels: [2],
    layersPerBlock: 1,
    downTransformerDepth: [0],
    upTransformerDepth: [0],
    middleTransformerDepth: 1,
    headCount: [1],
    crossAttentionDim: 3,
  }
  const [cells, tokens, conv, time] = [6, 5, 2 * 2 * 9, 8]
  const resnet = 2 * conv * cells + time * 2
  const wideResnet = (2 * conv + conv + 4 * 2) * cells + time * 2
  const attention = 2 * (2 * 2) * cells + 4 * (2 * 2) * cells + 2 * cells * cells * 2
  const crossAttention = 2 * (2 * 2) * cells + 2 * (3 * 2) * tokens + 2 * cells * tokens * 2
  const feedForward = (2 * 16 + 8 * 2) * cells
  const ends = 2 * (4 * 2 * 9) * cells + 2 * 8 + 8 * 8
  expect(countUnetFlops(config, { batch: 3, latentHeight: 2, latentWidth: 3, tokens })).toBe(
    2 * 3 * (ends + 3 * resnet + 2 * wideResnet + attention + crossAttention + feedForward),
  )
})

// Published counts leave the attention products out: the counters in use see modules only.
test("Stable Diffusion 1.5's U-Net at 512x512 has the published 0.339 tera multiply-adds outside its attention products", () => {
  const products = [
    { cells: 64 * 64, width: 320, blocks: 5 },
    { cells: 32 * 32, width: 640, blocks: 5 },
    { cells: 16 * 16, width: 1280, blocks: 5 },
    { cells: 8 * 8, width: 1280, blocks: 1 },
  ].reduce((sum, { cells, width, blocks }) => sum + blocks * 2 * cells * (cells + pass.tokens) * width, 0)
  expect((countUnetFlops(stableDiffusion1, pass) / 2 - products) / 1e12).toBeCloseTo(0.339, 3)
})

test('a side that does not halve evenly is rounded up', () => {
  const odd = countUnetFlops(stableDiffusion1, { ...pass, latentWidth: 63 })
  expect(odd).toBeLessThan(countUnetFlops(stableDiffusion1, pass))
  expect(odd).toBeGreaterThan((countUnetFlops(stableDiffusion1, pass) * 63) / 64)
})
