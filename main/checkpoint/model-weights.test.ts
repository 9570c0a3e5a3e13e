import { rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { isAsOpened } from './model-weights.ts'
import { openModel } from './open.ts'
import { testModels } from './test-models.ts'

const { copyDiffusers, copySingleFile } = testModels(onTestFinished)

const LATER = new Date(Date.now() + 5000)

it('a model is as it was opened until one of its files is written anew, or gone', async () => {
  const file = await copySingleFile()
  const single = await openModel(file)
  const folder = await copyDiffusers()
  const diffusers = await openModel(folder)
  expect([await isAsOpened(single), await isAsOpened(diffusers)]).toEqual([true, true])

  await utimes(join(folder, 'vae/diffusion_pytorch_model.safetensors'), LATER, LATER)
  await rm(file)
  expect([await isAsOpened(single), await isAsOpened(diffusers)]).toEqual([false, false])
})
