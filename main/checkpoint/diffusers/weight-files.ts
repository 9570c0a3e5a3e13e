import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import * as z from 'zod'
import { StudioError } from '../../contract/failure.ts'
import { readTensorIndex } from '../file-kind.ts'
import { readJsonFile } from '../json-file.ts'
import type { TensorEntry } from '../tensor-index.ts'

/** The tensors of a component's folder, over one file or the shards of several. */
export interface FolderTensors {
  readonly entries: ReadonlyMap<string, TensorEntry>
  readonly sizeBytes: number
}

/** Among several files of one component the whole precision comes first. */
const VARIANTS = ['', 'fp16', 'bf16']

const ShardIndex = z.looseObject({ weight_map: z.record(z.string(), z.string()) })

/**
 * The index of a component's weights: its .safetensors, else what torch saved.
 * @param stem `model` in transformers' folders, `diffusion_pytorch_model` in diffusers'
 * @throws StudioError checkpoint-unsupported
 */
export async function readFolderTensors(folder: string, stem: string): Promise<FolderTensors> {
  const files = await listFiles(folder)
  const names = [
    `${stem}(?:\\.([\\w-]+))?\\.safetensors`,
    `${stem.replace(/^model$/, 'pytorch_model')}(?:\\.([\\w-]+))?\\.bin`,
  ]
  for (const name of names) {
    const weights = pick(files, new RegExp(`^${name}$`))
    if (weights !== undefined) return joined([await readTensorIndex(join(folder, weights))])
    const shards = pick(files, new RegExp(`^${name}\\.index(?:\\.[\\w-]+)?\\.json$`))
    if (shards !== undefined) return readShards(folder, shards)
  }
  const found = files.join(', ') || 'an empty folder'
  throw new StudioError('checkpoint-unsupported', `${folder}: expected ${stem}.safetensors, found ${found}`)
}

/** @param list the file that names the shards */
async function readShards(folder: string, list: string): Promise<FolderTensors> {
  const { weight_map: map } = await readJsonFile(join(folder, list), ShardIndex)
  const names = [...new Set(Object.values(map))].sort()
  const outside = names.find((name) => basename(name) !== name || name === '' || name === '..')
  if (outside !== undefined) {
    throw new StudioError(
      'checkpoint-unsupported',
      `${join(folder, list)}: expected files of its own folder, found ${outside}`,
    )
  }
  return joined(await Promise.all(names.map((name) => readTensorIndex(join(folder, name)))))
}

function joined(indexes: readonly FolderTensors[]): FolderTensors {
  return {
    entries: new Map(indexes.flatMap(({ entries }) => [...entries])),
    sizeBytes: indexes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  }
}

async function listFiles(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (error) {
    throw new StudioError('checkpoint-unsupported', `${folder}: expected the folder of a component, found none`, {
      cause: error,
    })
  }
}

function pick(files: readonly string[], pattern: RegExp): string | undefined {
  const found = files.flatMap((file) => {
    const match = pattern.exec(file)
    return match ? [{ file, rank: VARIANTS.indexOf(match[1] ?? '') }] : []
  })
  const rank = (value: number) => (value === -1 ? VARIANTS.length : value)
  return found.sort((a, b) => rank(a.rank) - rank(b.rank))[0]?.file
}
