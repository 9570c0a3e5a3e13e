import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { gaussianNoise } from '../tensor/noise.ts'
import { RunState } from './run-state.ts'

const FIRST = 'a'.repeat(64)
const RUN = { prompt: 'a fox', seed: 7 }
const state = { step: 3, x: gaussianNoise(1, 0, [1, 4, 6, 5]), memory: [gaussianNoise(1, 1, [1, 4, 6, 5])] }

async function statePath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'latent-studio-state-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'state.safetensors')
}

test('a state comes back to the last bit', async () => {
  const path = await statePath()
  await new RunState(path, RUN).keep(state, FIRST, 0)
  expect(await new RunState(path, RUN).read()).toEqual({ state, firstStep: FIRST })
})

test('the state of another run, a broken one and none are nothing to go on from', async () => {
  const path = await statePath()
  const own = new RunState(path, RUN)
  expect(await own.read()).toBeNull()
  await own.keep(state, FIRST, 0)
  expect(await new RunState(path, { ...RUN, seed: 8 }).read()).toBeNull()
  const bytes = await readFile(path)
  await writeFile(path, bytes.subarray(0, bytes.length - 1))
  expect(await own.read()).toBeNull()
})

test('a state kept a moment ago is good enough', async () => {
  const path = await statePath()
  const own = new RunState(path, RUN, 100)
  await own.keep({ ...state, step: 1 }, FIRST, 1000)
  await own.keep({ ...state, step: 2 }, FIRST, 1099)
  expect((await own.read())?.state.step).toBe(1)
  await own.keep({ ...state, step: 3 }, FIRST, 1100)
  expect((await own.read())?.state.step).toBe(3)
})

test('a folder that is gone does not stop the run', async () => {
  const own = new RunState(join(await statePath(), 'lost', 'state'), RUN)
  await own.keep(state, FIRST, 0)
  expect(await own.read()).toBeNull()
})
