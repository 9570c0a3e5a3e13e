import * as z from 'zod'
import type { ClipTextConfig } from '../config.ts'
import { readJsonFile } from '../json-file.ts'
import { repeat, requireOptions, size } from './fields.ts'

/** What is left out has the default of transformers' CLIPTextConfig. */
const Fields = z.looseObject({
  vocab_size: size.default(49408),
  hidden_size: size.default(512),
  intermediate_size: size.default(2048),
  num_hidden_layers: repeat.default(12),
  num_attention_heads: size.default(8),
  max_position_embeddings: size.default(77),
  hidden_act: z.enum(['quick_gelu', 'gelu']).default('quick_gelu'),
  layer_norm_eps: z.number().positive().default(1e-5),
  projection_dim: size.default(512),
})

/**
 * A transformers CLIP text encoder's config.json; its context is the last layer's output.
 * @param isProjected the encoder's class has a projection of the pooled vector
 * @throws StudioError checkpoint-unsupported naming the field
 */
export async function readTextEncoderConfig(path: string, isProjected = false): Promise<ClipTextConfig> {
  const fields = await readJsonFile(path, Fields)
  requireOptions(path, fields, { model_type: ['clip_text_model', 'clip'] })
  return {
    vocabularySize: fields.vocab_size,
    hiddenSize: fields.hidden_size,
    intermediateSize: fields.intermediate_size,
    layerCount: fields.num_hidden_layers,
    headCount: fields.num_attention_heads,
    contextLength: fields.max_position_embeddings,
    activation: fields.hidden_act,
    normEps: fields.layer_norm_eps,
    skippedLayers: 0,
    isContextNormed: true,
    projection: isProjected ? { size: fields.projection_dim, isTransposed: false } : null,
  }
}
