import type { Model } from '../checkpoint/checkpoint.ts'
import { labelNetworks } from './label-networks.ts'
import { drawnNetworks } from './networks.ts'
import type { Networks } from './networks.ts'
import { readyNetworks } from './ready-networks.ts'

/** A model's own networks, whatever it is made of. */
export function networksOf(model: Model): Networks {
  if (model.layout === 'onnx') return readyNetworks(model)
  return 'labels' in model ? labelNetworks(model) : drawnNetworks(model)
}
