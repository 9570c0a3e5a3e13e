import { readFile } from 'node:fs/promises'
import { readTensorIndex } from './file-kind.ts'
import { widenHalf } from './float-formats.ts'
import { GGML_TYPES, ggufBytes, q8Blocks } from './gguf/test-writer.ts'
import type { GgufTestTensor } from './gguf/test-writer.ts'
import { valueCount } from './tensor-index.ts'
import type { TensorEntry } from './tensor-index.ts'
import { TORCH_TYPES, torchBytes } from './torch/test-writer.ts'
import type { Saved } from './torch/test-writer.ts'

/** A .safetensors file as a .ckpt that Lightning writes: weights in `state_dict`, among what trainers keep. */
export async function asTorch(path: string): Promise<Buffer> {
  const { entries, bytesOf } = await contents(path)
  const storages = new Map<string, Uint8Array>()
  const weights = new Map<string, Saved>()
  for (const [i, entry] of entries.entries()) {
    const elements = valueCount(entry.shape)
    weights.set(entry.name, { storage: String(i), type: TORCH_TYPES[entry.dtype] ?? '', elements, shape: entry.shape })
    storages.set(String(i), bytesOf(entry))
  }
  const callback = { name: 'pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint' }
  const saved = new Map<string, Saved>([
    ['epoch', 3],
    ['callbacks', [callback]],
    ['state_dict', weights],
  ])
  return torchBytes(saved, storages, 'model')
}

/**
 * A .safetensors file as GGUF, its tensors as they are.
 * @param isQuantised whether matrices whose rows are whole blocks become Q8_0
 */
export async function asGguf(path: string, isQuantised = false): Promise<Buffer> {
  const { entries, bytesOf } = await contents(path)
  const tensors = new Map<string, GgufTestTensor>()
  for (const entry of entries) {
    const { name, shape, dtype } = entry
    const bytes = bytesOf(entry)
    const fits = dtype === 'F16' && shape.length === 2 && (shape[1] ?? 1) % 32 === 0
    const blocks = (): Buffer => q8Blocks(widenHalf(new Uint16Array(Uint8Array.from(bytes).buffer)))
    const type = GGML_TYPES[isQuantised && fits ? 'Q8_0' : dtype] ?? -1
    tensors.set(name, { shape, type, bytes: isQuantised && fits ? blocks() : bytes })
  }
  return ggufBytes(tensors, { 'general.architecture': 'sd1' })
}

async function contents(
  path: string,
): Promise<{ entries: TensorEntry[]; bytesOf: (entry: TensorEntry) => Uint8Array }> {
  const data = await readFile(path)
  const { entries } = await readTensorIndex(path)
  return {
    entries: [...entries.values()],
    bytesOf: ({ offset, sizeBytes }) => data.subarray(offset, offset + sizeBytes),
  }
}
