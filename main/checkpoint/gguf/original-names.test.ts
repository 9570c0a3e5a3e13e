import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { readTensorIndex } from '../file-kind.ts'
import { inspect } from '../inspect.ts'
import { openCheckpoint } from '../open.ts'
import type { TensorEntry } from '../tensor-index.ts'
import { SOUND_MODELS, testModels } from '../test-models.ts'
import { withOriginalNames } from './original-names.ts'
import { GGML_TYPES, ggufBytes } from './test-writer.ts'
import type { GgufTestTensor } from './test-writer.ts'

const { temporaryFolder } = testModels(onTestFinished)

const TO_TRANSFORMERS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/^conditioner\.embedders\.0\./, 'cond_stage_model.'],
  [/^conditioner\.embedders\.1\.model\./, 'cond_stage_model.1.transformer.text_model.'],
  [/\.token_embedding\.weight$/, '.embeddings.token_embedding.weight'],
  [/\.positional_embedding$/, '.embeddings.position_embedding.weight'],
  [/\.ln_final\./, '.final_layer_norm.'],
  [/\.transformer\.resblocks\./, '.encoder.layers.'],
  [/\.ln_([12])\./, '.layer_norm$1.'],
  [/\.attn\.out_proj\./, '.self_attn.out_proj.'],
  [/\.mlp\.c_fc\./, '.mlp.fc1.'],
  [/\.mlp\.c_proj\./, '.mlp.fc2.'],
]

/** A tensor as stable-diffusion.cpp wrote it before it kept the original's names. */
function converted({ name, shape, dtype }: TensorEntry, bytes: Uint8Array): [string, GgufTestTensor][] {
  const type = GGML_TYPES[dtype] ?? -1
  const isSecond = name.startsWith('conditioner.embedders.1.')
  const rules = isSecond ? TO_TRANSFORMERS : TO_TRANSFORMERS.slice(0, 1)
  const own = rules.reduce((renamed, [pattern, replacement]) => renamed.replace(pattern, replacement), name)
  const fused = /^(.*\.)attn\.in_proj_(weight|bias)$/.exec(own)
  if (fused) {
    const part = bytes.length / 3
    return ['q', 'k', 'v'].map((which, i) => [
      `${fused[1] ?? ''}self_attn.${which}_proj.${fused[2] ?? ''}`,
      { type, shape: [(shape[0] ?? 0) / 3, ...shape.slice(1)], bytes: bytes.subarray(i * part, (i + 1) * part) },
    ])
  }
  const isProjection = /^model\..*\.proj_(?:in|out)\.weight$/.test(name)
  return [[own, { type, shape: isProjection ? [...shape, 1, 1] : shape, bytes }]]
}

it('opens a model of SD XL whose text encoders were renamed', async () => {
  const data = await readFile(SOUND_MODELS.sdxl)
  const { entries } = await readTensorIndex(SOUND_MODELS.sdxl)
  const tensors = [...entries.values()]
    .filter(({ name }) => !/logit_scale|position_ids|denoiser/.test(name))
    .flatMap((entry) => converted(entry, data.subarray(entry.offset, entry.offset + entry.sizeBytes)))
  const path = join(await temporaryFolder(), 'model.gguf')
  const bytes = ggufBytes(new Map(tensors))
  await writeFile(path, bytes)
  await copyFile(join(SOUND_MODELS.sdxl, '../model.yaml'), join(path, '../model.yaml'))

  expect((await inspect(path)).problem).toBeNull()
  const [found, expected] = [await openCheckpoint(path), await openCheckpoint(SOUND_MODELS.sdxl)]
  expect(found.unet.config).toEqual(expected.unet.config)
  for (const [i, { config, weights }] of expected.textEncoders.entries()) {
    expect(found.textEncoders[i]?.config).toEqual(config)
    for (const name of weights.names) {
      const [entry, original] = [found.textEncoders[i]?.weights.require(name), weights.require(name)]
      const at = entry?.offset ?? 0
      expect(bytes.subarray(at, at + original.sizeBytes)).toEqual(
        data.subarray(original.offset, original.offset + original.sizeBytes),
      )
    }
  }
})

it('knows the encoder of Stable Diffusion 2 by its width, and leaves that of 1 alone', () => {
  const prefix = 'cond_stage_model.transformer.text_model.'
  const named = (name: string, shape: number[]): TensorEntry => ({
    name,
    shape,
    dtype: 'F16',
    file: '',
    offset: 0,
    sizeBytes: 0,
  })
  const namesAt = (width: number) => {
    const all = [
      named(`${prefix}embeddings.token_embedding.weight`, [49408, width]),
      named(`${prefix}encoder.layers.3.self_attn.q_proj.bias`, [width]),
    ]
    return [...withOriginalNames(new Map(all.map((entry) => [entry.name, entry]))).keys()]
  }
  expect(namesAt(1024)).toEqual([
    'cond_stage_model.model.token_embedding.weight',
    'cond_stage_model.model.transformer.resblocks.3.attn.q_proj.bias',
  ])
  expect(namesAt(768)).toEqual([
    `${prefix}embeddings.token_embedding.weight`,
    `${prefix}encoder.layers.3.self_attn.q_proj.bias`,
  ])
})
