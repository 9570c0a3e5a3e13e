import type { LabelConfig } from '../checkpoint/checkpoint.ts'
import type { Component } from '../checkpoint/weights.ts'
import type { OnnxGraph } from '../runtime/graph.ts'
import { GraphBuilder } from './graph-builder.ts'

/**
 * A class as the one token that the U-Net attends to: input_ids int64 [n, 1] → context [n, 1, d].
 * Rombach et al. 2022 (arXiv 2112.10752), Appendix E.
 * @throws StudioError checkpoint-unsupported, model-missing
 */
export function buildLabelTable({ config, weights }: Component<LabelConfig>): OnnxGraph {
  const graph = new GraphBuilder('class table', weights)
  const ids = graph.input('input_ids', 'int64', ['n', 't'])
  const rows = config.classCount + (config.nullClass === null ? 0 : 1)
  graph.output('context', graph.root.rows('weight', [rows, config.width], ids), ['n', 't', config.width])
  return graph.finish()
}
