import type { ClipTextConfig, ProjectionConfig } from '../checkpoint/config.ts'
import type { Component } from '../checkpoint/weights.ts'
import type { OnnxGraph } from '../runtime/graph.ts'
import { attend } from './attention.ts'
import { GraphBuilder } from './graph-builder.ts'
import { ELEMENT_TYPES } from './onnx/model.ts'
import type { Scope, Value } from './scope.ts'
import { gelu, layerNorm, linear, quickGelu } from './layers.ts'

export interface TextEncoderOptions {
  /** 1 is the whole network; n leaves out the last n - 1 layers. By default what the model was trained with. */
  readonly clipSkip?: number
  /** Also give `pooled` [n, p], of a model with a projection. */
  readonly withPooled?: boolean
  /** Also take token_vectors [k, d]: what an id beyond the vocabulary stands for, counted from its end. */
  readonly withTokenVectors?: boolean
  /** Also take attended, int64 [n, t]: 0 for tokens that nothing attends to. */
  readonly withHiding?: boolean
  /** Also give hidden_states.0 …, last_hidden_state, clip_skip2 and pooler_output. */
  readonly withTaps?: boolean
}

const PROJECTIONS = ['q_proj', 'k_proj', 'v_proj', 'out_proj'] as const

/**
 * CLIP's text transformer: input_ids int64 [n, t] → context [n, t, d], what the U-Net attends to.
 * Causal; padding is attended to like any token. Radford et al. 2021 (arXiv 2103.00020), section 2.4.
 * @throws StudioError checkpoint-unsupported, model-missing
 */
export function buildTextEncoder(component: Component<ClipTextConfig>, options: TextEncoderOptions = {}): OnnxGraph {
  const { config, weights } = component
  const { hiddenSize, layerCount } = config
  const { clipSkip = config.skippedLayers + 1, withPooled = false, withTaps = false } = options
  if (clipSkip < 1 || clipSkip > layerCount) {
    throw new RangeError(`expected clipSkip from 1 to ${layerCount}, found ${clipSkip}`)
  }
  const graph = new GraphBuilder('text encoder', weights, component.deltas)
  const scope = graph.root.at('text_model')
  const given = graph.input('input_ids', 'int64', ['n', 't'])
  const words = options.withTokenVectors
    ? withVectors(scope, given, graph.input('token_vectors', 'float', ['k', hiddenSize]), config)
    : { ids: given }
  const { ids } = words
  const isWhole = withTaps || withPooled
  const contextLayer = layerCount - clipSkip + 1
  const shown = options.withHiding ? { ...words, attended: attendedTokens(graph) } : words
  const states = hiddenStates(scope, shown, config, isWhole ? layerCount : contextLayer)
  const state = (layer: number): Value => inBatches(scope, states[layer] ?? '', ids, hiddenSize)
  const normed = (layer: number): Value =>
    inBatches(scope, finalNorm(scope, states[layer] ?? '', config), ids, hiddenSize)

  const context = config.isContextNormed ? normed(contextLayer) : state(contextLayer)
  graph.output('context', context, ['n', 't', hiddenSize])
  const atEnd = isWhole ? endOfText(scope, normed(layerCount), ids) : ''
  if (withPooled && config.projection) {
    graph.output('pooled', projected(graph.root, atEnd, hiddenSize, config.projection), ['n', config.projection.size])
  }
  if (withTaps) {
    states.forEach((_, i) => {
      graph.output(`hidden_states.${i}`, state(i))
    })
    graph.output('last_hidden_state', normed(layerCount))
    graph.output('clip_skip2', normed(layerCount - 1))
    graph.output('pooler_output', atEnd)
  }
  return graph.finish()
}

/** Tokens [n, t]: ids of the vocabulary and, of models that are given vectors, which stand in their places. */
interface Words {
  readonly ids: Value
  readonly given?: { readonly isGiven: Value; readonly vectors: Value }
  /** int32 [n, t] */
  readonly attended?: Value
}

function attendedTokens(graph: GraphBuilder): Value {
  return graph.root.node('Cast', [graph.input('attended', 'int64', ['n', 't'])], { to: ELEMENT_TYPES.int32 })
}

/** Ids beyond the vocabulary are rows of `vectors` [k, d]; among the vocabulary's they count as 0, far from an end of text. */
function withVectors(scope: Scope, ids: Value, vectors: Value, { vocabularySize }: ClipTextConfig): Words {
  const size = scope.ints(vocabularySize)
  const isGiven = scope.node('GreaterOrEqual', [ids, size])
  const rows = scope.node('Where', [isGiven, scope.node('Sub', [ids, size]), scope.ints(0)])
  return {
    ids: scope.node('Where', [isGiven, scope.ints(0), ids]),
    given: {
      isGiven: scope.node('Unsqueeze', [isGiven, scope.ints(2)]),
      vectors: scope.node('Gather', [vectors, rows]), // [n, t, d]
    },
  }
}

/** The embedding and the output of each of the first `layers` layers, as rows [n·t, d]. */
function hiddenStates(scope: Scope, words: Words, config: ClipTextConfig, layers: number): Value[] {
  const batch = scope.node('Shape', [words.ids], { start: 0, end: 1 })
  let rows = embedding(scope.at('embeddings'), words, config)
  const states = [rows]
  for (let i = 0; i < layers; i++) {
    rows = encoderLayer(scope.at(`encoder.layers.${i}`), rows, { batch, attended: words.attended }, config)
    states.push(rows)
  }
  return states
}

/** Token and position vectors, summed: rows [n·t, d]. The table stays as it is stored; only the rows taken are cast. */
function embedding(scope: Scope, { ids, given }: Words, config: ClipTextConfig): Value {
  const { vocabularySize, contextLength, hiddenSize } = config
  const known = scope.rows('token_embedding.weight', [vocabularySize, hiddenSize], ids)
  const tokens = given ? scope.node('Where', [given.isGiven, given.vectors, known]) : known
  const positions = scope.weight('position_embedding.weight', [contextLength, hiddenSize])
  const length = scope.node('Shape', [ids], { start: 1 })
  const used = scope.node('Slice', [positions, scope.ints(0), length])
  return scope.node('Reshape', [scope.node('Add', [tokens, used]), scope.ints(-1, hiddenSize)])
}

function encoderLayer(
  scope: Scope,
  x: Value,
  { batch, attended }: { readonly batch: Value; readonly attended: Value | undefined },
  config: ClipTextConfig,
): Value {
  const { hiddenSize: width, intermediateSize: inner, headCount: heads, normEps: eps } = config
  const tokens = { rows: layerNorm(scope.at('layer_norm1'), x, width, eps), width }
  const mask = attended === undefined ? {} : { attended }
  const shape = { heads, batch, isCausal: true, names: PROJECTIONS, ...mask }
  const h = scope.node('Add', [attend(scope.at('self_attn'), tokens, tokens, shape), x])
  const normal = layerNorm(scope.at('layer_norm2'), h, width, eps)
  const activate = config.activation === 'quick_gelu' ? quickGelu : gelu
  const hidden = activate(scope, linear(scope.at('mlp.fc1'), normal, width, inner))
  return scope.node('Add', [linear(scope.at('mlp.fc2'), hidden, inner, width), h])
}

function finalNorm(scope: Scope, rows: Value, { hiddenSize, normEps }: ClipTextConfig): Value {
  return layerNorm(scope.at('final_layer_norm'), rows, hiddenSize, normEps)
}

/** Rows [n·t, d] as [n, t, d]. */
function inBatches(scope: Scope, rows: Value, ids: Value, width: number): Value {
  const shape = scope.node('Concat', [scope.node('Shape', [ids]), scope.ints(width)], { axis: 0 })
  return scope.node('Reshape', [rows, shape])
}

/** The pooled vector: x [n, d] → [n, p] by a matrix without bias. */
function projected(scope: Scope, x: Value, width: number, { size, isTransposed }: ProjectionConfig): Value {
  const weight = scope.at('text_projection').weight('weight', isTransposed ? [width, size] : [size, width])
  return scope.node('Gemm', [x, weight], { transB: isTransposed ? 0 : 1 })
}

/** The vector at the first end-of-text token, the largest id of the vocabulary: [n, d]. */
function endOfText(scope: Scope, states: Value, ids: Value): Value {
  const narrow = scope.node('Cast', [ids], { to: 6 })
  const position = scope.node('ArgMax', [narrow], { axis: 1, keepdims: 1 })
  return scope.node('GatherND', [states, position], { batch_dims: 1 })
}
