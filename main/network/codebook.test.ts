import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadNetwork } from '../runtime/network.ts'
import { tensor } from '../tensor/tensor.ts'
import { nearestEntries } from './codebook.ts'
import { GraphBuilder } from './graph-builder.ts'
import { float32, weightsOf, writeWeights } from './test-weights.ts'

test('a latent is rounded to the nearest entries of the codebook, cell by cell', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'codebook-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const [entries, channels, cells] = [50, 3, 2 * 4 * 5]
  const table = Array.from({ length: entries * channels }, (_, i) => Math.fround(Math.sin(i * i) * 2))
  const stored = await writeWeights(join(folder, 'w'), {
    'quantize.embedding.weight': float32([entries, channels], table),
  })
  const graph = new GraphBuilder('codebook', weightsOf(stored))
  const latent = graph.input('latent', 'float', ['n', channels, 'h', 'w'])
  graph.output('rounded', nearestEntries(graph.root.at('quantize.embedding'), latent, channels, entries))
  const network = await loadNetwork(graph.finish(), { threads: 1 })
  onTestFinished(() => network.release())
  const data = Float32Array.from({ length: cells * channels }, (_, i) => Math.cos(i * i + 1) * 2)
  const { rounded } = await network.run({ latent: tensor([2, channels, 4, 5], data) })

  const expected = new Float32Array(data.length)
  for (let cell = 0; cell < cells; cell++) {
    const at = (channel: number) => Math.floor(cell / 20) * 60 + channel * 20 + (cell % 20)
    const distance = (entry: number) =>
      [0, 1, 2].reduce((sum, c) => sum + ((data[at(c)] ?? 0) - (table[entry * 3 + c] ?? 0)) ** 2, 0)
    const nearest = Array.from({ length: entries }, (_, entry) => entry).reduce((best, entry) =>
      distance(entry) < distance(best) ? entry : best,
    )
    for (const c of [0, 1, 2]) expected[at(c)] = table[nearest * 3 + c] ?? 0
  }
  expect(rounded?.data).toEqual(expected)
})
