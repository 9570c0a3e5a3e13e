import type { Tensor } from '../tensor/tensor.ts'

/** A network's output by its name, which its graph has. */
export function output(outputs: Readonly<Record<string, Tensor>>, name: string): Tensor {
  const found = outputs[name]
  if (!found) throw new Error(`expected the network's output ${name}, found ${Object.keys(outputs).join(', ')}`)
  return found
}
