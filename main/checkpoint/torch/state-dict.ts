import type { BoundedFile } from '../bounded-file.ts'
import { isTensor } from './globals.ts'
import type { TorchTensor } from './globals.ts'
import { HeldObject } from './pickle-machine.ts'

/** The tensors of a saved object by name, and what it says in words and numbers beside them. */
export interface StateDict {
  readonly tensors: ReadonlyMap<string, TorchTensor>
  readonly metadata: Readonly<Record<string, string>>
}

/** Under these names trainers keep the weights, beside counters and optimisers; where there are several, the first counts. */
const WRAPPERS = ['state_dict', 'model_state_dict', 'params_ema', 'params', 'model', 'module']
const MAX_WRAPPERS = 4
const MAX_NESTING = 8
const MAX_NAME_LENGTH = 1024
/** Dicts may hold each other many times over; a checkpoint has some ten thousand entries. */
const MAX_VISITS = 1_000_000

/**
 * The weights in what torch.save was given: a dict of tensors, or one that has it under a usual name. Dicts inside the
 * dict join their names with a dot.
 * @throws StudioError checkpoint-unsupported
 */
export function stateDict(file: BoundedFile, saved: unknown): StateDict {
  const root = asDict(saved)
  if (!root) throw file.fail('expected a dict of tensors in the pickle stream, found another value')
  const tensors = new Map<string, TorchTensor>()
  let visits = 0

  function collect(dict: ReadonlyMap<unknown, unknown>, prefix: string, depth: number): void {
    for (const [key, value] of dict) {
      if (++visits > MAX_VISITS)
        throw file.fail(`expected at most ${MAX_VISITS} values in the pickle stream, found more`)
      const inner = depth < MAX_NESTING ? asDict(value) : null
      if (!isTensor(value) && !inner) continue
      const name = prefix + (typeof key === 'string' || typeof key === 'number' ? String(key) : '?')
      if (name.length > MAX_NAME_LENGTH) {
        throw file.fail(`expected tensor names of at most ${MAX_NAME_LENGTH} characters, found ${name.slice(0, 64)}…`)
      }
      if (inner) collect(inner, `${name}.`, depth + 1)
      else if (tensors.has(name)) throw file.fail(`tensor ${name}: expected the name once, found it twice`)
      else if (isTensor(value)) tensors.set(name, value)
    }
  }
  collect(unwrapped(root), '', 0)
  return { tensors, metadata: metadataOf(root) }
}

function unwrapped(root: ReadonlyMap<unknown, unknown>): ReadonlyMap<unknown, unknown> {
  let dict = root
  for (let i = 0; i < MAX_WRAPPERS; i++) {
    const hasTensors = [...dict.values()].some(isTensor)
    const names = WRAPPERS.filter((name) => !hasTensors || name.endsWith('state_dict'))
    const inner = names.map((name) => asDict(dict.get(name))).find((found) => found !== null)
    if (!inner) break
    dict = inner
  }
  return dict
}

/** A dict, or the parameters of torch's dictionary of parameters. */
function asDict(value: unknown): ReadonlyMap<unknown, unknown> | null {
  if (value instanceof Map) return value
  if (!(value instanceof HeldObject) || !value.className.endsWith('.ParameterDict')) return null
  const parameters: unknown = value.state instanceof Map ? value.state.get('_parameters') : null
  return parameters instanceof Map ? parameters : null
}

function metadataOf(root: ReadonlyMap<unknown, unknown>): Record<string, string> {
  const words: [string, string][] = []
  for (const [key, value] of root) {
    const isWord = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    if (typeof key === 'string' && isWord) words.push([key, String(value)])
  }
  return Object.fromEntries(words)
}
