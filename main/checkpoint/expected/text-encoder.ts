import type { ClipTextConfig } from '../config.ts'
import { TensorList } from './layers.ts'
import type { ExpectedTensors } from './layers.ts'

/** Every tensor that a CLIP text encoder of these dimensions needs. */
export function textEncoderTensors(config: ClipTextConfig): ExpectedTensors {
  const { hiddenSize, intermediateSize } = config
  const list = new TensorList()
  list.linear('text_model.embeddings.token_embedding', hiddenSize, config.vocabularySize, false)
  list.linear('text_model.embeddings.position_embedding', hiddenSize, config.contextLength, false)
  for (let layer = 0; layer < config.layerCount; layer++) {
    const name = `text_model.encoder.layers.${layer}`
    list.norm(`${name}.layer_norm1`, hiddenSize)
    for (const projection of ['q_proj', 'k_proj', 'v_proj', 'out_proj']) {
      list.linear(`${name}.self_attn.${projection}`, hiddenSize, hiddenSize)
    }
    list.norm(`${name}.layer_norm2`, hiddenSize)
    list.linear(`${name}.mlp.fc1`, hiddenSize, intermediateSize)
    list.linear(`${name}.mlp.fc2`, intermediateSize, hiddenSize)
  }
  list.norm('text_model.final_layer_norm', hiddenSize)
  if (config.projection) {
    const { size, isTransposed } = config.projection
    if (isTransposed) list.linear('text_projection', size, hiddenSize, false)
    else list.linear('text_projection', hiddenSize, size, false)
  }
  return list.tensors
}
