import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { readSafetensors, readTensor } from '../../main/checkpoint/safetensors.ts'
import type { TensorEntry } from '../../main/checkpoint/safetensors.ts'
import { gaussianNoise } from '../../main/tensor/noise.ts'
import type { Tensor } from '../../main/tensor/tensor.ts'
import { torchNoise } from '../../main/tensor/torch-noise.ts'
import { largestDifference } from './case.ts'
import type { ParityCase, ParityKind } from './case.ts'

const Draws = z.array(
  z.object({ key: z.string(), seed: z.int(), shape: z.array(z.int()), mean: z.number(), std: z.number() }),
)
const Manifest = z.object({ torch_cpu: Draws, philox: Draws })
type Draw = z.infer<typeof Draws>[number]

/** The first two arrays that a generator gives after its seed. */
type Source = (draw: Draw) => [first: Tensor, second: Tensor]

const sources: Record<keyof z.infer<typeof Manifest>, { source: Source; tolerance: number }> = {
  torch_cpu: {
    source: ({ seed, shape }) => {
      const next = torchNoise(seed)
      return [next(shape), next(shape)]
    },
    tolerance: 2e-6,
  },
  philox: {
    source: ({ seed, shape }) => [gaussianNoise(seed, 0, shape), gaussianNoise(seed, 1, shape)],
    tolerance: 1e-5,
  },
}

/** Noise of other programs' generators: a folder whose manifest lists draws of them. */
export const noiseCases: ParityKind = async (folder) => {
  const text = await readFile(join(folder, 'manifest.json'), 'utf8').catch(() => null)
  const manifest = Manifest.safeParse(text === null ? null : JSON.parse(text))
  if (!manifest.success) return null
  const { entries } = await readSafetensors(join(folder, 'noise.safetensors'))
  const names = ['torch_cpu', 'philox'] as const
  return names.flatMap((name) =>
    manifest.data[name].map((draw): ParityCase => {
      const { source, tolerance } = sources[name]
      return { name: draw.key, run: async () => ({ error: await drawError(draw, source(draw), entries), tolerance }) }
    }),
  )
}

/** The largest difference from what is stored, which of large arrays are the ends, and from the mean and deviation of all. */
async function drawError(
  { key, mean, std }: Draw,
  [first, second]: [Tensor, Tensor],
  entries: ReadonlyMap<string, TensorEntry>,
): Promise<number> {
  const errors = [Math.abs(meanOf(first) - mean), Math.abs(deviationOf(first) - std)]
  for (const [part, found] of Object.entries({ first, last: first, second })) {
    const entry = entries.get(`${key}.${part}`)
    if (!entry) continue
    const { data } = await readTensor(entry)
    const [start, end] = part === 'last' ? [-data.length, found.data.length] : [0, data.length]
    errors.push(largestDifference(found.data.slice(start, end), data))
  }
  return errors.length > 2 ? Math.max(...errors) : Infinity
}

function meanOf({ data }: Tensor): number {
  return data.reduce((sum, value) => sum + value, 0) / data.length
}

function deviationOf(noise: Tensor): number {
  const mean = meanOf(noise)
  return Math.sqrt(noise.data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / noise.data.length)
}
