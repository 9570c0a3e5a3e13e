import type { VectorConfig } from '../../../main/checkpoint/config.ts'
import { sizeVector } from '../../../main/studio/size-conditioning.ts'
import { concatBatch, sliceBatch } from '../../../main/tensor/batch.ts'
import type { Tensor } from '../../../main/tensor/tensor.ts'

/** The studio's vector of each row's pooled prompt [n, p] and sizes [n, 6]. */
export function sizeVectors(pooled: Tensor, sizes: Tensor, config: VectorConfig): Tensor {
  const count = pooled.shape[0] ?? 1
  const rows = Array.from({ length: count }, (_, i) =>
    sizeVector(sliceBatch(pooled, i, i + 1), [...sliceBatch(sizes, i, i + 1).data], config),
  )
  const [first, ...others] = rows
  if (!first) throw new Error('expected a pooled prompt, found none')
  return concatBatch(first, ...others)
}
