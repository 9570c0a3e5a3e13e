import { StudioError } from '../../../contract/failure.ts'
import { readTensorIndex } from '../../file-kind.ts'
import { readTensor } from '../../safetensors.ts'
import { valueCount } from '../../tensor-index.ts'
import type { TensorEntry, TensorIndex } from '../../tensor-index.ts'
import { moduleChanges } from './changes.ts'
import type { ModuleChange } from './changes.ts'
import { parseLoraKey } from './keys.ts'
import type { LoraRole, LoraTarget } from './keys.ts'
import { readDefaultScale } from './scales.ts'
import type { DefaultScale } from './scales.ts'

/** What a LoRA's file adds to one layer. */
export interface LoraModule {
  /** As the file calls it, for messages. */
  readonly name: string
  readonly target: LoraTarget
  /** The layer's name, with underscores for dots. */
  readonly module: string
  readonly changes: readonly (ModuleChange & { readonly scale: number })[]
}

/** A file of changes to a model's weights. */
export interface Lora {
  readonly path: string
  readonly index: TensorIndex
  readonly modules: readonly LoraModule[]
  /** Tensors of no dialect or algorithm that is known. */
  readonly unknown: readonly string[]
}

/**
 * A LoRA as its header describes it, of any dialect; beside the header only its alphas are read, a few bytes each.
 * @throws StudioError checkpoint-unsupported
 */
export async function openLora(path: string): Promise<Lora> {
  const index = await readTensorIndex(path)
  const { grouped, unknown } = group(index)
  const defaultScale = await readDefaultScale(index)
  const modules: LoraModule[] = []
  for (const found of grouped) {
    const changes = await scaledChanges(found, defaultScale)
    if (changes.length === 0) unknown.push(found.name)
    else modules.push({ name: found.name, target: found.target, module: found.module, changes })
  }
  if (modules.length > 0) return { path, index, modules, unknown }
  const some = [...index.entries.keys()].slice(0, 3).join(', ') || 'none'
  throw new StudioError('checkpoint-unsupported', `${path}: expected the tensors of a LoRA, found ${some}`)
}

interface Group {
  readonly name: string
  readonly target: LoraTarget
  readonly module: string
  readonly parts: Map<LoraRole, TensorEntry>
}

function group({ entries }: TensorIndex): { grouped: Iterable<Group>; unknown: string[] } {
  const groups = new Map<string, Group>()
  const unknown: string[] = []
  for (const [name, entry] of entries) {
    const key = parseLoraKey(name)
    if (!key) {
      unknown.push(name)
      continue
    }
    const { target, module, role } = key
    const id = `${target} ${module}`
    const found = groups.get(id) ?? {
      name: name.replace(/\.(?:lora|hada|lokr|alpha).*$/, ''),
      target,
      module,
      parts: new Map(),
    }
    found.parts.set(role, entry)
    groups.set(id, found)
  }
  return { grouped: groups.values(), unknown }
}

async function scaledChanges(
  { target, module, parts }: Group,
  defaultScale: DefaultScale,
): Promise<LoraModule['changes']> {
  const changes = moduleChanges(parts, ((await scalar(parts.get('on_input'))) ?? 0) !== 0)
  const alpha = await scalar(parts.get('alpha'))
  return changes.map((change) => {
    if (change.rank === null) return { ...change, scale: 1 }
    return { ...change, scale: alpha === null ? defaultScale(target, module, change.rank) : alpha / change.rank }
  })
}

/** The value of a tensor that holds one; null of none. */
async function scalar(entry: TensorEntry | undefined): Promise<number | null> {
  if (!entry) return null
  if (valueCount(entry.shape) !== 1) {
    const found = `expected one value, found shape [${entry.shape.join(', ')}]`
    throw new StudioError('checkpoint-unsupported', `${entry.file}: tensor ${entry.name}: ${found}`)
  }
  const value = (await readTensor(entry)).data[0] ?? NaN
  if (Number.isFinite(value)) return value
  throw new StudioError(
    'checkpoint-unsupported',
    `${entry.file}: tensor ${entry.name}: expected a number, found ${value}`,
  )
}
