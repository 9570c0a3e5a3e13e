/** Numbers below `bound`, the same for the same seed. */
export type Dice = (bound: number) => number

/** Marsaglia's xorshift of 32 bits. */
export function diceOf(seed: number): Dice {
  let state = (seed * 2654435761) >>> 0 || 1
  return (bound) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % bound
  }
}

export function pick<T>(dice: Dice, items: readonly T[]): T {
  const item = items[dice(items.length)]
  if (item === undefined) throw new Error('expected something to pick from')
  return item
}

/** Where the structure of a file lies, which is what its reader believes: header, directory, stream. */
export type Region = readonly [start: number, end: number]

/** What lengths, offsets and counts are set to: ends of their ranges, and a little beside. */
const WIDE_NUMBERS = [
  0n,
  1n,
  7n,
  255n,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0xffffffffn,
  2n ** 40n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
]

type Mutation = (bytes: Buffer, at: number, dice: Dice) => Buffer

const MUTATIONS: readonly Mutation[] = [
  (bytes, at, dice) => {
    bytes[at] = (bytes[at] ?? 0) ^ (1 << dice(8))
    return bytes
  },
  (bytes, at, dice) => {
    bytes[at] = dice(256)
    return bytes
  },
  (bytes, at, dice) => {
    bytes[at] = (bytes[at] ?? 0) + dice(5) - 2
    return bytes
  },
  (bytes, at, dice) => {
    const number = Buffer.alloc(8)
    number.writeBigUInt64LE(pick(dice, WIDE_NUMBERS))
    number.copy(bytes, at, 0, pick(dice, [1, 2, 4, 8]))
    return bytes
  },
  (bytes, at, dice) => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + dice(16))]),
  (bytes, at, dice) => {
    const inserted = Buffer.from(Array.from({ length: 1 + dice(16) }, () => dice(256)))
    return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at)])
  },
  (bytes, at, dice) => {
    const from = dice(bytes.length)
    bytes.copy(bytes, at, from, from + 1 + dice(32))
    return bytes
  },
  (bytes, at, dice) => {
    const repeated = bytes.subarray(at, at + 1 + dice(64))
    return Buffer.concat([bytes.subarray(0, at), ...Array<Buffer>(1 + dice(64)).fill(repeated), bytes.subarray(at)])
  },
  (bytes, at) => bytes.subarray(0, at),
]

/** A copy of a file with one to four things wrong in its structure. */
export function mutated(bytes: Buffer, regions: readonly Region[], dice: Dice): Buffer {
  let result = Buffer.from(bytes)
  for (let times = 1 + dice(4); times > 0 && result.length > 0; times--) {
    const [start, end] = pick(dice, regions)
    const at = Math.min(result.length - 1, start + dice(Math.max(1, end - start)))
    result = Buffer.from(pick(dice, MUTATIONS)(result, at, dice))
  }
  return result
}

/** What a field of a configuration is replaced by. */
const HOSTILE_VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  0.5,
  1e308,
  2 ** 31,
  2 ** 53,
  '',
  'F64',
  '..',
  '../../../../etc/passwd',
  '/etc/passwd',
  'C:\\Windows\\win.ini',
  'unet/../../x.safetensors',
  'a\u0000b',
  '__proto__',
  'x'.repeat(5000),
  [],
  {},
  [-1],
  [[[[]]]],
  Array(2000).fill(1),
  { __proto__: null, constructor: 1, toString: 2 },
]

/** A copy of a JSON value in which one to three values, anywhere in it, are replaced, removed or put elsewhere. */
export function mutatedJson(value: unknown, dice: Dice): unknown {
  let result = structuredClone(value)
  for (let times = 1 + dice(3); times > 0; times--) {
    const places = placesIn(result)
    if (places.length === 0) return pick(dice, HOSTILE_VALUES)
    const { holder, key } = pick(dice, places)
    const action = dice(8)
    if (action === 0) Reflect.deleteProperty(holder, key)
    else if (action === 1) Reflect.set(holder, `${key}${pick(dice, ['x', '.', '/'])}`, Reflect.get(holder, key))
    else if (action === 2) Reflect.set(holder, key, structuredClone(pick(dice, places).holder))
    else Reflect.set(holder, key, structuredClone(pick(dice, HOSTILE_VALUES)))
    if (action === 2 && dice(4) === 0) result = [result]
  }
  return result
}

interface PlaceInJson {
  readonly holder: object
  readonly key: string
}

function placesIn(value: unknown): PlaceInJson[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [{ holder: value, key }, ...placesIn(inner)])
}
