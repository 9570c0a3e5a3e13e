import { expect, test } from 'vitest'
import { ELEMENT_TYPES } from './model.ts'
import type { ElementType, OnnxModel, OnnxNode } from './model.ts'
import { inPieces, weightsFirst } from './pieces.ts'

const node = (type: string, inputs: string[], output: string): OnnxNode => ({
  name: output,
  type,
  domain: '',
  inputs,
  outputs: [output],
  attributes: {},
})
const weight = (name: string, type: ElementType = 'float16') => ({ name, type, shape: [25], data: new Uint8Array(50) })

/** Three layers whose weights are widened, 100 bytes each; the last also takes the input's shape and the first's result. */
const model: OnnxModel = {
  name: 'network',
  nodes: [
    node('Shape', ['x'], 'shape'),
    node('Cast', ['w1'], 'w1.float'),
    node('Add', ['x', 'w1.float'], 'h1'),
    node('Cast', ['w2'], 'w2.float'),
    node('Add', ['h1', 'w2.float'], 'h2'),
    node('Cast', ['w3'], 'w3.float'),
    node('Add', ['h2', 'w3.float'], 'h3'),
    node('Add', ['h3', 'h1'], 'sum'),
    node('Reshape', ['sum', 'shape'], 'y'),
  ],
  initializers: [weight('w1'), weight('w2'), weight('w3')],
  inputs: [{ name: 'x', type: 'float', shape: ['n', 25] }],
  outputs: [{ name: 'y', type: 'float', shape: null }],
}

const shapeOf = ({ nodes, initializers, inputs, outputs }: OnnxModel) => ({
  nodes: nodes.map(({ name }) => name).join(' '),
  weights: initializers.map(({ name }) => name).join(' '),
  inputs: inputs.map(({ name, type }) => `${type} ${name}`).join(', '),
  outputs: outputs.map(({ name, type }) => `${type} ${name}`).join(', '),
})

test('pieces have the weights they may, and pass on what later ones take', () => {
  expect(inPieces(model, 200).map(shapeOf)).toEqual([
    {
      nodes: 'w1.float w2.float shape h1 h2',
      weights: 'w1 w2',
      inputs: 'float x',
      outputs: 'int64 shape, float h1, float h2',
    },
    {
      nodes: 'w3.float h3 sum y',
      weights: 'w3',
      inputs: 'float h2, float h1, int64 shape',
      outputs: 'float y',
    },
  ])
})

test('whole numbers stay whole where they are chosen from', () => {
  const chosen = {
    ...model,
    nodes: [
      node('Where', ['isLarge', 'shape', 'shape'], 'chosen'),
      ...model.nodes.slice(1, 8),
      node('Reshape', ['sum', 'chosen'], 'y'),
    ],
    inputs: [...model.inputs, { name: 'shape', type: 'int64', shape: [2] } as const],
  }
  expect(inPieces(chosen, 200).at(-1)?.inputs).toContainEqual({ name: 'chosen', type: 'int64', shape: null })
})

test.each([
  ['int32', { ...node('Cast', ['ids'], 'made'), attributes: { to: ELEMENT_TYPES.int32 } }],
  ['bool', node('GreaterOrEqual', ['ids', 'ids'], 'made')],
  ['int64', node('ArgMax', ['x'], 'made')],
] as const)('a value of type %s that a later piece takes keeps its type', (type, made) => {
  const passed = {
    ...model,
    nodes: [made, ...model.nodes.slice(0, 8), node('Where', ['made', 'sum', 'shape'], 'y')],
    inputs: [...model.inputs, { name: 'ids', type: 'int64', shape: [2] } as const],
  }
  expect(inPieces(passed, 200).at(-1)?.inputs).toContainEqual({ name: 'made', type, shape: null })
})

test('a weight that two pieces need is in both, and so is what widens it', () => {
  const shared = { ...model, nodes: [...model.nodes.slice(0, 7), node('Add', ['h3', 'w1.float'], 'y')] }
  const last = inPieces(shared, 200).at(-1)
  expect(last && shapeOf(last)).toEqual({
    nodes: 'w3.float w1.float h3 y',
    weights: 'w1 w3',
    inputs: 'float h2',
    outputs: 'float y',
  })
})

test('what fits in one piece stays whole, and a node that needs more is a piece of its own', () => {
  expect(inPieces(model, 300)).toEqual([model])
  expect(inPieces(model, 50)).toHaveLength(3)
})

test('weights are widened by nodes in front of all others', () => {
  expect(weightsFirst(model).nodes.map(({ name }) => name)).toEqual([
    'w1.float',
    'w2.float',
    'w3.float',
    ...['shape', 'h1', 'h2', 'h3', 'sum', 'y'],
  ])
})
