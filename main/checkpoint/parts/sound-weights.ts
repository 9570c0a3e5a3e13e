import { StudioError } from '../../contract/failure.ts'
import type { ExpectedTensors } from '../expected/layers.ts'
import type { TensorEntry } from '../tensor-index.ts'
import { weightProblems, weightsOver } from '../weights.ts'
import type { NameMap, Weights } from '../weights.ts'

interface PartSource {
  /** The file or folder that messages name. */
  readonly path: string
  readonly entries: ReadonlyMap<string, TensorEntry>
  readonly nameMap: NameMap
}

/** A part's weights, all there in the shapes expected. @throws StudioError checkpoint-unsupported naming the first tensor at fault */
export function soundWeights(source: PartSource, expected: ExpectedTensors): Weights {
  const weights = weightsOver(source, expected)
  const { missing, faults } = weightProblems(weights, expected)
  const [fault] = faults
  if (fault !== undefined) throw new StudioError('checkpoint-unsupported', `${source.path}: ${fault}`)
  for (const name of missing) weights.require(name)
  return weights
}
