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
 * The index of a component's weights: its .safetensors, else what torch saved. Of a list whose shards are not all there,
 * as where one precision alone was fetched, the next file is taken.
 * @param stem `model` in transformers' folders, `diffusion_pytorch_model` in diffusers'
 * @throws StudioError checkpoint-unsupported
 */
export async function readFolderTensors(folder: string, stem: string): Promise<FolderTensors> {
  const files = await listFiles(folder)
  const names = [`${stem}.safetensors`, `${stem.replace(/^model$/, 'pytorch_model')}.bin`]
  const found = names.flatMap((name) => filesOf(files, name))
  for (const [i, { file, isList }] of found.entries()) {
    if (!isList) return joined([await readTensorIndex(join(folder, file))])
    const shards = await shardsOf(folder, file)
    const isLast = i === found.length - 1
    if (!isLast && !shards.every((shard) => files.includes(shard))) continue
    return joined(await Promise.all(shards.map((shard) => readTensorIndex(join(folder, shard)))))
  }
  const others = files.join(', ') || 'an empty folder'
  throw new StudioError('checkpoint-unsupported', `${folder}: expected ${stem}.safetensors, found ${others}`)
}

/** @param list the file that names the shards */
async function shardsOf(folder: string, list: string): Promise<string[]> {
  const { weight_map: map } = await readJsonFile(join(folder, list), ShardIndex)
  const names = [...new Set(Object.values(map))].sort()
  const outside = names.find((name) => basename(name) !== name || name === '' || name === '..')
  if (outside !== undefined) {
    throw new StudioError(
      'checkpoint-unsupported',
      `${join(folder, list)}: expected files of its own folder, found ${outside}`,
    )
  }
  return names
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

interface WeightFile {
  readonly file: string
  /** It names the shards that hold the weights. */
  readonly isList: boolean
}

/** The files of weights of this name and its variants, those that are taken first in front. */
function filesOf(files: readonly string[], name: string): WeightFile[] {
  const [stem = '', ending = ''] = name.split('.')
  const pattern = new RegExp(`^${stem}(?:\\.([\\w-]+))?\\.${ending}(\\.index(?:\\.([\\w-]+))?\\.json)?$`)
  const found = files.flatMap((file) => {
    const [match, before, list, behind] = pattern.exec(file) ?? []
    const rank = VARIANTS.indexOf(before ?? behind ?? '')
    return match === undefined ? [] : [{ file, isList: list !== undefined, rank: rank === -1 ? VARIANTS.length : rank }]
  })
  return found.sort((a, b) => a.rank - b.rank || Number(a.isList) - Number(b.isList))
}
