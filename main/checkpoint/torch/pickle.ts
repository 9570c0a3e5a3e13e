import { PickleMachine } from './pickle-machine.ts'
import type { PickleWorld } from './pickle-machine.ts'

type Opcode = (machine: PickleMachine) => void

const STOP = 0x2e

/** Opcodes that give a number, a text or bytes. */
const VALUES: readonly (readonly [number, Opcode])[] = [
  [0x4e, (m) => m.push(null)],
  [0x88, (m) => m.push(true)],
  [0x89, (m) => m.push(false)],
  [0x4b, (m) => m.push(m.input.byte())],
  [0x4d, (m) => m.push(m.input.uint16())],
  [0x4a, (m) => m.push(m.input.int32())],
  [0x47, (m) => m.push(m.input.float64())],
  [0x8a, (m) => m.push(m.input.integer(m.input.byte()))],
  [0x8b, (m) => m.push(m.input.integer(m.input.uint32()))],
  [0x8c, (m) => m.push(m.input.text(m.input.byte()))],
  [0x58, (m) => m.push(m.input.text(m.input.uint32()))],
  [0x8d, (m) => m.push(m.input.text(m.input.uint64()))],
  // Texts of Python 2.
  [0x55, (m) => m.push(m.input.text(m.input.byte()))],
  [0x54, (m) => m.push(m.input.text(m.input.uint32()))],
  [0x43, (m) => m.push(m.input.bytes(m.input.byte()))],
  [0x42, (m) => m.push(m.input.bytes(m.input.uint32()))],
  [0x8e, (m) => m.push(m.input.bytes(m.input.uint64()))],
  [0x96, (m) => m.push(m.input.bytes(m.input.uint64()))],
]

/** Opcodes that make or fill a list, tuple, dict or set; tuples are lists here. */
const CONTAINERS: readonly (readonly [number, Opcode])[] = [
  [0x28, (m) => m.mark()],
  [0x5d, (m) => m.make([])],
  [0x29, (m) => m.make([])],
  [0x7d, (m) => m.make(new Map())],
  [0x8f, (m) => m.make(new Set())],
  [0x85, (m) => m.make(m.take(1))],
  [0x86, (m) => m.make(m.take(2))],
  [0x87, (m) => m.make(m.take(3))],
  [0x74, (m) => m.make(m.toMark())],
  [0x6c, (m) => m.make(m.toMark())],
  [0x64, (m) => m.make(new Map(m.pairs(m.toMark())))],
  [0x91, (m) => m.make(new Set(m.toMark()))],
  [0x61, (m) => m.append(m.take(1))],
  [0x65, (m) => m.append(m.toMark())],
  [0x90, (m) => m.append(m.toMark())],
  [0x73, (m) => m.setItems(m.take(2))],
  [0x75, (m) => m.setItems(m.toMark())],
]

/** Opcodes about the stream itself: its version, the stack and what is remembered. */
const BOOKKEEPING: readonly (readonly [number, Opcode])[] = [
  [0x80, checkProtocol],
  // The length of a frame is only a hint for reading ahead.
  [0x95, (m) => void m.input.uint64()],
  [0x71, (m) => m.remember(m.input.byte())],
  [0x72, (m) => m.remember(m.input.uint32())],
  [0x94, (m) => m.remember(m.remembered)],
  [0x68, (m) => m.recall(m.input.byte())],
  [0x6a, (m) => m.recall(m.input.uint32())],
  [0x30, (m) => void m.pop()],
  [0x31, (m) => void m.toMark()],
  [0x32, (m) => m.push(m.top())],
]

/** Opcodes that name something, call it or give it state. */
const OBJECTS: readonly (readonly [number, Opcode])[] = [
  [0x63, (m) => m.push(m.world.global(`${m.input.line()}.${m.input.line()}`))],
  [0x93, nameFromStack],
  [0x52, (m) => m.call(m.take(2))],
  [0x81, (m) => m.call(m.take(2))],
  [0x92, (m) => m.call(m.take(3))],
  [0x62, (m) => m.build()],
  [0x51, (m) => m.push(m.world.persistent(m.pop()))],
]

const OPCODES: ReadonlyMap<number, Opcode> = new Map([...VALUES, ...CONTAINERS, ...BOOKKEEPING, ...OBJECTS])

/**
 * The value that a pickle stream describes (opcodes as in Python's pickletools.py, protocols 2 to 5), made of null,
 * booleans, numbers, bigints, strings, Uint8Arrays, arrays (lists and tuples), Maps (dicts), Sets and what the world's
 * globals give. Time and memory grow with the stream's length and no faster.
 * @throws whatever the world's `fail` makes, for an unknown name or opcode, or a stream that does not hold together
 */
export function readPickle(bytes: Uint8Array, world: PickleWorld): unknown {
  const machine = new PickleMachine(bytes, world)
  for (;;) {
    const code = machine.input.byte()
    if (code === STOP) return machine.pop()
    const opcode = OPCODES.get(code)
    if (!opcode) {
      const shown = code.toString(16).padStart(2, '0')
      throw world.fail(`expected a pickle stream as torch writes it, found opcode 0x${shown}`)
    }
    opcode(machine)
  }
}

function checkProtocol(machine: PickleMachine): void {
  const version = machine.input.byte()
  if (version < 2 || version > 5) throw machine.fault('protocol 2 to 5', String(version))
}

function nameFromStack(machine: PickleMachine): void {
  const [module, name] = machine.take(2)
  if (typeof module !== 'string' || typeof name !== 'string') throw machine.fault('a name', 'other values')
  machine.push(machine.world.global(`${module}.${name}`))
}
