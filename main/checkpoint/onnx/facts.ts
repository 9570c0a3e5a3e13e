import type { OnnxModel } from '../checkpoint.ts'
import { textEncoderLabel } from '../draft.ts'
import { valueCount } from '../tensor-index.ts'
import type { ComponentFacts } from '../inspect.ts'
import type { GraphFile } from './graph-file.ts'

/** Types of ONNX's tensors under the names of the safetensors format. */
const DTYPES: Readonly<Record<number, string>> = {
  1: 'F32',
  2: 'U8',
  3: 'I8',
  4: 'U16',
  5: 'I16',
  6: 'I32',
  7: 'I64',
  9: 'BOOL',
  10: 'F16',
  11: 'F64',
  12: 'U32',
  13: 'U64',
  16: 'BF16',
}

/** What each of a model's graphs holds. */
export function graphComponents({ graphs, textEncoders }: OnnxModel): ComponentFacts[] {
  return [
    facts('U-Net', graphs.unet),
    facts('autoencoder decoder', graphs.decoder),
    ...(graphs.encoder ? [facts('autoencoder encoder', graphs.encoder)] : []),
    ...textEncoders.map(({ graph }, place) => facts(textEncoderLabel(place), graph)),
  ]
}

/** Number of weights by storage type. */
export function graphDtypes({ graphs, textEncoders }: OnnxModel): Record<string, number> {
  const counts: Record<string, number> = {}
  const all = [graphs.unet, graphs.decoder, graphs.encoder, ...textEncoders.map(({ graph }) => graph)]
  for (const { dataType } of all.flatMap((graph) => graph?.weights ?? [])) {
    const dtype = DTYPES[dataType] ?? 'other'
    counts[dtype] = (counts[dtype] ?? 0) + 1
  }
  return counts
}

function facts(name: string, { weights }: GraphFile): ComponentFacts {
  return {
    name,
    tensorCount: weights.length,
    parameters: weights.reduce((sum, { shape }) => sum + valueCount(shape), 0),
    sizeBytes: weights.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  }
}
