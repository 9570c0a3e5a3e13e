import { PickleBytes } from './pickle-bytes.ts'

/** A name of Python's that a stream may use. Calling it runs `call`, which is ours: nothing of Python is ever run. */
export class PickleGlobal {
  readonly name: string
  readonly call: (args: readonly unknown[]) => unknown

  constructor(name: string, call: (args: readonly unknown[]) => unknown) {
    this.name = name
    this.call = call
  }
}

/** An object of a class that holds data alone: its state is kept, its class means nothing here. */
export class HeldObject {
  readonly className: string
  state: unknown = null

  constructor(className: string) {
    this.className = className
  }
}

/** What a stream may reach, and how it says that something is wrong. */
export interface PickleWorld {
  /** @throws StudioError for any name outside the list */
  global(name: string): PickleGlobal
  /** What an id of data kept outside the stream stands for. */
  persistent(id: unknown): unknown
  fail(sentence: string): Error
}

/** A checkpoint of thousands of tensors makes a hundred thousand; each may take some hundred bytes. */
const MAX_OBJECTS = 1_000_000

/** The stack, the marks on it and the memory of a pickle stream: what its opcodes work on. */
export class PickleMachine {
  readonly input: PickleBytes
  readonly world: PickleWorld
  readonly #stack: unknown[] = []
  /** Heights of the stack at which marks stand. */
  readonly #marks: number[] = []
  readonly #memory = new Map<number, unknown>()
  #objects = 0

  constructor(bytes: Uint8Array, world: PickleWorld) {
    this.world = world
    this.input = new PickleBytes(bytes, (sentence) => world.fail(sentence))
  }

  get remembered(): number {
    return this.#memory.size
  }

  push(value: unknown): void {
    this.#stack.push(value)
  }

  /** Pushes a new list, dict or object, of which there may only be so many. */
  make(value: unknown): void {
    if (++this.#objects > MAX_OBJECTS) {
      throw this.world.fail(`expected a pickle stream of at most ${MAX_OBJECTS} objects, found more`)
    }
    this.push(value)
  }

  mark(): void {
    this.#marks.push(this.#stack.length)
  }

  pop(): unknown {
    return this.take(1)[0]
  }

  top(): unknown {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) throw this.fault('a value on the stack', 'none')
    return this.#stack.at(-1)
  }

  /** The topmost values, none of them below the last mark. */
  take(count: number): unknown[] {
    if (this.#stack.length - count < (this.#marks.at(-1) ?? 0)) throw this.fault('a value on the stack', 'none')
    return this.#stack.splice(this.#stack.length - count)
  }

  toMark(): unknown[] {
    const height = this.#marks.pop()
    if (height === undefined) throw this.fault('a mark on the stack', 'none')
    return this.#stack.splice(height)
  }

  /** Adds to the list or set on top. */
  append(values: readonly unknown[]): void {
    const target = this.top()
    if (Array.isArray(target)) for (const value of values) target.push(value)
    else if (target instanceof Set) for (const value of values) target.add(value)
    else if (!(target instanceof HeldObject)) throw this.fault('a list to fill', 'another value')
  }

  /** Adds keys and values, one after the other, to the dict on top. */
  setItems(items: readonly unknown[]): void {
    const target = this.top()
    if (target instanceof Map) for (const [key, value] of this.pairs(items)) target.set(key, value)
    else if (!(target instanceof HeldObject)) throw this.fault('a dict to fill', 'another value')
  }

  pairs(items: readonly unknown[]): [unknown, unknown][] {
    if (items.length % 2 !== 0) throw this.fault('keys and values in pairs', `${items.length} values`)
    return Array.from({ length: items.length / 2 }, (_, i) => [items[2 * i], items[2 * i + 1]])
  }

  call([callee, args]: readonly unknown[]): void {
    if (!(callee instanceof PickleGlobal)) throw this.fault('a known name to call', 'another value')
    if (!Array.isArray(args)) throw this.fault(`arguments of ${callee.name} in a tuple`, 'another value')
    this.make(callee.call(args))
  }

  /** State beyond a dict's or list's own content (torch keeps module versions so) is of no use here. */
  build(): void {
    const state = this.pop()
    const target = this.top()
    if (target instanceof HeldObject) target.state = state
  }

  remember(key: number): void {
    this.#memory.set(key, this.top())
  }

  recall(key: number): void {
    if (!this.#memory.has(key)) throw this.fault(`a value remembered as ${key}`, 'none')
    this.push(this.#memory.get(key))
  }

  fault(expected: string, found: string): Error {
    return this.world.fail(`byte ${this.input.position} of the pickle stream: expected ${expected}, found ${found}`)
  }
}
