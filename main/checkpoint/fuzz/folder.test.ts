import { copyFile, mkdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { execFileSync } from 'node:child_process'
import { join, sep } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { StudioError } from '../../contract/failure.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { openCheckpoint } from '../open.ts'
import { editJson, testModels } from '../test-models.ts'
import { diceOf, mutatedJson, pick } from './mutations.ts'

const { copyDiffusers, copySingleFile, temporaryFolder } = testModels(onTestFinished)

const CASES = 500
const SHARDS = 'unet/diffusion_pytorch_model.safetensors.index.json'
/** What a folder says of itself, the list of shards more often than the rest: it names files. */
const CONFIGURATIONS = [
  'model_index.json',
  'unet/config.json',
  'vae/config.json',
  'text_encoder/config.json',
  'scheduler/scheduler_config.json',
  'tokenizer/tokenizer_config.json',
  'tokenizer/special_tokens_map.json',
  SHARDS,
  SHARDS,
  SHARDS,
]

/** A folder whose U-Net lies in a shard, and beside it, outside, a file that would fit. */
async function shardedModel(): Promise<string> {
  const folder = await copyDiffusers()
  const whole = join(folder, 'unet/diffusion_pytorch_model.safetensors')
  const shard = 'diffusion_pytorch_model-00001-of-00001.safetensors'
  await copyFile(whole, join(folder, '../x.safetensors'))
  await copyFile(whole, join(folder, 'unet', shard))
  await rm(whole)
  await writeFile(
    join(folder, SHARDS),
    JSON.stringify({ weight_map: { 'conv_in.weight': shard, 'conv_out.bias': shard } }),
  )
  return folder
}

function filesOf({ unet, autoencoder, textEncoders }: Checkpoint): Set<string> {
  const weights = [unet, autoencoder, ...textEncoders].map((component) => component.weights)
  return new Set(weights.flatMap((all) => all.names.map((name) => all.require(name).file)))
}

/** Opens a model, which must fail as it should or have all of its weights inside `folder`; whether it opened. */
async function opensInside(path: string, folder: string): Promise<boolean> {
  try {
    const inside = (await realpath(folder)) + sep
    for (const file of filesOf(await openCheckpoint(path))) expect((await realpath(file)).startsWith(inside)).toBe(true)
    return true
  } catch (error) {
    expect(error).toBeInstanceOf(StudioError)
    expect((error as StudioError).code).toMatch(/^(checkpoint-unsupported|model-missing)$/)
    return false
  }
}

describe('a folder with something wrong in its configurations', () => {
  it('is refused in a sentence, or opens with all of its weights inside', async () => {
    const folder = await shardedModel()
    expect(await opensInside(folder, folder)).toBe(true)
    let opened = 0
    for (let i = 0; i < CASES; i++) {
      const dice = diceOf(9_000_000 + i)
      const path = join(folder, pick(dice, CONFIGURATIONS))
      const sound = await readFile(path, 'utf8')
      await writeFile(path, JSON.stringify(mutatedJson(JSON.parse(sound), dice)))
      if (await opensInside(folder, folder)) opened++
      await writeFile(path, sound)
    }
    expect(opened).toBeGreaterThan(CASES / 20)
    expect(opened).toBeLessThan(CASES * 0.95)
  })

  it.each(['../x.safetensors', '../../x.safetensors', '/etc/passwd', 'sub/x.safetensors', '..', '.', '', 'C:\\x'])(
    'does not follow a shard named %j',
    async (name) => {
      const folder = await shardedModel()
      await editJson(join(folder, SHARDS), { weight_map: { 'conv_in.weight': name } })
      await expect(openCheckpoint(folder)).rejects.toMatchObject({ code: 'checkpoint-unsupported' })
    },
  )

  it('does not follow an absolute path to weights that would fit', async () => {
    const folder = await shardedModel()
    await editJson(join(folder, SHARDS), { weight_map: { 'conv_in.weight': join(folder, '../x.safetensors') } })
    await expect(openCheckpoint(folder)).rejects.toThrow(/expected files of its own folder/)
  })
})

describe('what is no file in a file’s place', () => {
  it.skipIf(process.platform === 'win32').each(['unet/config.json', 'vae/diffusion_pytorch_model.safetensors'])(
    'a pipe or a device as %s is refused, not waited for',
    async (name) => {
      const folder = await copyDiffusers()
      await rm(join(folder, name))
      execFileSync('mkfifo', [join(folder, name)])
      await expect(openCheckpoint(folder)).rejects.toMatchObject({ code: 'checkpoint-unsupported' })
      await rm(join(folder, name))
      await symlink('/dev/zero', join(folder, name))
      await expect(openCheckpoint(folder)).rejects.toMatchObject({ code: 'checkpoint-unsupported' })
    },
  )

  it('a folder is refused', async () => {
    const folder = await copyDiffusers()
    await rm(join(folder, 'unet/config.json'))
    await mkdir(join(folder, 'unet/config.json'))
    await expect(openCheckpoint(folder)).rejects.toMatchObject({ code: 'checkpoint-unsupported' })
  })

  it('a configuration of endless aliases beside a single file is refused', async () => {
    const path = await copySingleFile('model.safetensors', await temporaryFolder())
    const levels = Array.from({ length: 30 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join()}]`)
    await writeFile(path.replace('.safetensors', '.yaml'), ['l0: &l0 [1]', ...levels].join('\n'))
    await expect(openCheckpoint(path)).rejects.toMatchObject({ code: 'checkpoint-unsupported' })
  })
})
