import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { testModels } from '../checkpoint/test-models.ts'
import { factor, writeLora } from '../network/test-lora.ts'
import { noting } from './noting.ts'
import { joiningModels, TASK } from './test-joined.ts'

const { temporaryFolder } = testModels(onTestFinished)
const testModel = joiningModels(onTestFinished)
const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined }

test('what a LoRA could not do is told at each run with it, and at none without', async () => {
  const { model } = await testModel()
  const known = 'lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_v'
  const unknown = 'lora_unet_mid_block_attentions_7_transformer_blocks_0_attn1_to_v'
  const path = await writeLora(join(await temporaryFolder(), 'style.safetensors'), {
    [`${known}.lora_up.weight`]: factor(1, [64, 4]),
    [`${known}.lora_down.weight`]: factor(2, [4, 64]),
    [`${unknown}.lora_up.weight`]: factor(3, [64, 4]),
    [`${unknown}.lora_down.weight`]: factor(4, [4, 64]),
  })
  const notes: (readonly string[])[] = []
  for (const loras of [[{ id: 'style', weight: 1 }], [{ id: 'style', weight: 1 }], []]) {
    const told = noting(QUIET)
    const task = { ...TASK, request: { ...TASK.request, loras }, partPaths: { style: path } }
    await model.join(task, told.logger)
    notes.push(told.notes)
  }
  const said = [expect.stringContaining(`no such layers: ${unknown}`)]
  expect(notes).toEqual([said, said, []])
})
