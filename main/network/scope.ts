import type { GraphBuilder } from './graph-builder.ts'
import type { Attribute } from './onnx/model.ts'
import type { Part } from './stored-weight.ts'

/** The name of a tensor that flows through the graph. */
export type Value = string

const RUNTIME_DOMAIN = 'com.microsoft'

/** A module of the network: its weights and nodes carry its path, as in the checkpoint. */
export class Scope {
  readonly #graph: GraphBuilder
  readonly #path: string

  constructor(graph: GraphBuilder, path: string) {
    this.#graph = graph
    this.#path = path
  }

  at(name: string): Scope {
    return new Scope(this.#graph, this.#join(name))
  }

  /** Adds an operator of ONNX's own set; its output. */
  node(type: string, inputs: readonly Value[], attributes: Record<string, Attribute> = {}): Value {
    return this.#add('', type, inputs, 1, attributes)[0] ?? ''
  }

  /** Adds an operator with several outputs. */
  nodes(type: string, inputs: readonly Value[], outputs: number, attributes: Record<string, Attribute> = {}): Value[] {
    return this.#add('', type, inputs, outputs, attributes)
  }

  /** Adds an operator that the runtime has beyond ONNX's set; its output. */
  runtimeNode(type: string, inputs: readonly Value[], attributes: Record<string, Attribute> = {}): Value {
    return this.#add(RUNTIME_DOMAIN, type, inputs, 1, attributes)[0] ?? ''
  }

  has(name: string): boolean {
    return this.#graph.hasWeight(this.#join(name))
  }

  /** A tensor of the checkpoint as float32. @throws StudioError checkpoint-unsupported */
  weight(name: string, shape: readonly number[], part?: Part): Value {
    return this.#graph.weight(this.#join(name), shape, part)
  }

  /** Rows of a table of the checkpoint by ids [n, t], as float32. @throws StudioError checkpoint-unsupported */
  rows(name: string, shape: readonly [number, number], ids: Value): Value {
    return this.#graph.rows(this.#join(name), shape, ids)
  }

  /** A constant int64 vector. */
  ints(...values: number[]): Value {
    return this.#graph.constant('int64', [values.length], values)
  }

  /** A constant, a vector unless `shape` says otherwise. */
  floats(values: readonly number[], shape: readonly number[] = [values.length]): Value {
    return this.#graph.constant('float', shape, values)
  }

  #add(domain: string, type: string, inputs: readonly Value[], outputs: number, attributes: Record<string, Attribute>) {
    return this.#graph.add({ path: this.#path, domain, type, inputs, outputs, attributes })
  }

  #join(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`
  }
}
