import type { TensorEntry } from '../checkpoint/tensor-index.ts'
import { valueCount } from '../checkpoint/tensor-index.ts'
import { StudioError } from '../contract/failure.ts'
import type { Scope, Value } from './scope.ts'
import { storedWeight } from './stored-weight.ts'
import type { Part, StoredWeight } from './stored-weight.ts'

/** A Q8_0 block: a float16 scale and 32 signed bytes. */
const BLOCK_VALUES = 32
const BLOCK_BYTES = 2 + BLOCK_VALUES
const BLOCK_HALVES = BLOCK_BYTES / 2
const FLOAT = 1

/** The same bytes of a file seen as halves, for the scales, and as signed bytes, for what they scale. */
export interface BlockWeight {
  readonly shape: readonly number[]
  readonly scales: StoredWeight
  readonly factors: StoredWeight
}

/**
 * Where a Q8_0 tensor, or the part of it that has this shape, lies.
 * @throws StudioError checkpoint-unsupported on another shape, or a part that cuts a block
 */
export function blockWeight(entry: TensorEntry, name: string, shape: readonly number[], part?: Part): BlockWeight {
  const place = storedWeight({ ...entry, dtype: 'F16' }, name, shape, part)
  return seenTwice(entry, place, shape, [])
}

/** The same of a table [rows, width] whose rows are taken one by one. @throws StudioError checkpoint-unsupported */
export function blockTable(entry: TensorEntry, name: string, shape: readonly [number, number]): BlockWeight {
  return seenTwice(entry, storedWeight({ ...entry, dtype: 'F16' }, name, shape), shape, [shape[0]])
}

function seenTwice(
  entry: TensorEntry,
  place: StoredWeight,
  shape: readonly number[],
  leading: readonly number[],
): BlockWeight {
  const blocks = place.length / BLOCK_BYTES / valueCount(leading)
  const before = (place.offset - entry.offset) / BLOCK_BYTES
  if (!Number.isInteger(blocks) || !Number.isInteger(before)) {
    const found = `rows that cut them: shape [${shape.join(', ')}]`
    const sentence = `expected rows of whole blocks of ${BLOCK_VALUES} values, found ${found}`
    throw new StudioError('checkpoint-unsupported', `${entry.file}: tensor ${entry.name}: ${sentence}`)
  }
  const seen = (what: string, type: 'float16' | 'int8', width: number, values: number): StoredWeight => ({
    ...place,
    name: `${place.name}.${what}`,
    type,
    shape: [...leading, blocks, width],
    values,
  })
  return {
    shape,
    scales: seen('scales', 'float16', BLOCK_HALVES, 0),
    factors: seen('factors', 'int8', BLOCK_BYTES, valueCount(shape)),
  }
}

/** The weight as float32, exactly: a half times a byte has no more than 19 bits. Folded away as the Cast of a half is. */
export function widenedBlocks(scope: Scope, { scales, factors, shape }: BlockWeight): Value {
  return scope.node('Reshape', [scaled(scope, scales.name, factors.name), scope.ints(...shape)])
}

/** Rows of a table by ids [n, t], as float32 [n, t, width]. */
export function widenedRows(scope: Scope, { scales, factors, shape }: BlockWeight, ids: Value): Value {
  const taken = [scales, factors].map(({ name }) => scope.node('Gather', [name, ids]))
  const [scale = '', factor = ''] = taken
  return scope.node('Reshape', [scaled(scope, scale, factor), scope.ints(0, 0, shape[1] ?? 0)])
}

/** Blocks as halves [..., 17] and as bytes [..., 34] → values [..., 32]. */
function scaled(scope: Scope, halves: Value, bytes: Value): Value {
  const columns = (blocks: Value, from: number, to: number) =>
    scope.node('Cast', [scope.node('Slice', [blocks, scope.ints(from), scope.ints(to), scope.ints(-1)])], { to: FLOAT })
  return scope.node('Mul', [columns(bytes, 2, BLOCK_BYTES), columns(halves, 0, 1)])
}
