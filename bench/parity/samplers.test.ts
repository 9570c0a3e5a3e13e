import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tensor } from '../../main/tensor/tensor.ts'
import type { ParityCase } from './case.ts'
import { samplerCases } from './samplers.ts'
import { evaluate } from './samplers/analytic-model.ts'
import type { AnalyticModel } from './samplers/analytic-model.ts'

const fixtures = join(import.meta.dirname, 'fixtures', 'samplers')

async function casesOf(folder: string): Promise<ParityCase[]> {
  const cases = await samplerCases(folder)
  if (cases === null) throw new Error(`expected sampler references in ${folder}, found none`)
  return cases
}

async function results(cases: ParityCase[]) {
  const passed: string[] = []
  const failed: string[] = []
  const skipped: string[] = []
  for (const parityCase of cases) {
    const outcome = await parityCase.run()
    if ('skipped' in outcome) skipped.push(outcome.skipped)
    else (outcome.error <= outcome.tolerance ? passed : failed).push(parityCase.name)
  }
  return { passed, failed, skipped }
}

describe('the runs of the originals', () => {
  test.each([
    // variants times runs: the plain ones, those rescaled to zero terminal SNR, and those with one spacing
    ['diffusers', 40 * 9 + 4 * 4 + 5 * 3],
    // variants times runs, the runs without a schedule, and the lists of values
    ['k-diffusion', 18 * 9 + 4 + 19],
  ])('%s: every step of every run agrees', async (folder, count) => {
    const { passed, failed, skipped } = await results(await casesOf(join(fixtures, folder)))
    expect(failed).toEqual([])
    expect(skipped).toEqual([])
    expect(passed).toHaveLength(count)
  })
})

describe('a folder of another name and other settings', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'references-'))
    await mkdir(join(folder, 'a'))
    const manifest = JSON.parse(await readFile(join(fixtures, 'diffusers', 'manifest.json'), 'utf8')) as {
      model: { mu: number }
      variants: Record<string, unknown>
    }
    const { ddim, euler } = manifest.variants
    await writeFile(join(folder, 'a', 'manifest.json'), JSON.stringify({ ...manifest, variants: { ddim, euler } }))
    await copyFile(join(fixtures, 'diffusers', 'ddim.safetensors'), join(folder, 'a', 'ddim.safetensors'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('is known by its manifest, alone or as the only one in its parent', async () => {
    expect(await casesOf(join(folder, 'a'))).toHaveLength(18)
    expect(await casesOf(folder)).toHaveLength(18)
    expect(await samplerCases(join(fixtures, '..', 'tiny-sd1-ldm'))).toBeNull()
    expect(await samplerCases(join(fixtures, '..'))).toBeNull()
  })

  test('runs whose file is not there are named as skipped', async () => {
    const { passed, skipped } = await results(await casesOf(join(folder, 'a')))
    expect(passed).toHaveLength(9)
    expect(skipped).toEqual(Array.from({ length: 9 }, () => 'its file is not in this folder'))
  })

  test('another model than the one that made the file does not pass', async () => {
    const path = join(folder, 'a', 'manifest.json')
    const manifest = JSON.parse(await readFile(path, 'utf8')) as { model: { mu: number } }
    await writeFile(path, JSON.stringify({ ...manifest, model: { ...manifest.model, mu: 0.301 } }))
    const { failed } = await results(await casesOf(join(folder, 'a')))
    expect(failed).toHaveLength(9)
  })
})

describe('the ideal network', () => {
  const models: AnalyticModel[] = [
    { kind: 'gauss', mu: 0.3, s: 0.6 },
    { kind: 'bimodal', m: 1.1, s: 0.4 },
  ]
  /** The mean of x0 given x = a x0 + s n, summed over a fine grid of x0. */
  function posteriorMean(model: AnalyticModel, x: number, a: number, s: number): number {
    const bump = (value: number, mean: number, deviation: number) => Math.exp(-0.5 * ((value - mean) / deviation) ** 2)
    let mass = 0
    let sum = 0
    for (let x0 = -8; x0 <= 8; x0 += 0.001) {
      const prior =
        model.kind === 'gauss' ? bump(x0, model.mu, model.s) : bump(x0, model.m, model.s) + bump(x0, -model.m, model.s)
      const weight = prior * bump(x, a * x0, s)
      mass += weight
      sum += weight * x0
    }
    return sum / mass
  }

  test.each(models)('of $kind data expects the mean of what may lie behind x', (model) => {
    for (const sigma of [0.2, 1, 5]) {
      const a = 1 / Math.hypot(1, sigma)
      const s = a * sigma
      for (const x of [-2, -0.1, 0.8]) {
        const only = (output: 'x0' | 'epsilon' | 'v') =>
          evaluate(model, output, tensor([1], Float32Array.of(x)), a, s).data[0] ?? NaN
        const x0 = posteriorMean(model, Math.fround(x), a, s)
        expect(only('x0')).toBeCloseTo(x0, 5)
        expect(only('epsilon')).toBeCloseTo((x - a * x0) / s, 5)
        expect(only('v')).toBeCloseTo((a * (x - a * x0)) / s - s * x0, 5)
      }
    }
  })
})
