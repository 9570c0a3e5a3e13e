import { encodeModel } from '../../main/network/onnx/model.ts'
import type { OnnxInitializer, OnnxNode } from '../../main/network/onnx/model.ts'
import { loadNetwork } from '../../main/runtime/network.ts'
import type { Network } from '../../main/runtime/network.ts'
import { gaussianNoise } from '../../main/tensor/noise.ts'

/** Large enough to reach full speed, small enough to be over in some milliseconds. */
const SIZE = 1024
const LAYERS = 4

export interface GemmProbe {
  readonly flops: number
  /** Multiplies once. */
  readonly run: () => Promise<unknown>
  readonly release: () => Promise<void>
}

/** Products of square float32 matrices one after the other, by the kernels that the networks' linear layers get. */
export async function gemmProbe(threads: number | null): Promise<GemmProbe> {
  const network = await loadProbe(threads)
  const x = gaussianNoise(0, 0, [SIZE, SIZE])
  return {
    flops: LAYERS * 2 * SIZE ** 3,
    run: () => network.run({ x }),
    release: () => network.release(),
  }
}

function loadProbe(threads: number | null): Promise<Network> {
  const initializers: OnnxInitializer[] = []
  const nodes: OnnxNode[] = []
  for (let layer = 0; layer < LAYERS; layer++) {
    // Scaled so that the products keep their size: neither infinite nor denormal numbers, which compute slower.
    const weight = gaussianNoise(layer + 1, 0, [SIZE, SIZE]).data.map((value) => value / Math.sqrt(SIZE))
    initializers.push({ name: `w${layer}`, type: 'float', shape: [SIZE, SIZE], data: new Uint8Array(weight.buffer) })
    nodes.push({
      name: `gemm${layer}`,
      type: 'Gemm',
      domain: '',
      inputs: [layer === 0 ? 'x' : `h${layer}`, `w${layer}`],
      outputs: [layer === LAYERS - 1 ? 'y' : `h${layer + 1}`],
      attributes: { transB: 1 },
    })
  }
  const [inputs, outputs] = ['x', 'y'].map((name) => [{ name, type: 'float' as const, shape: [SIZE, SIZE] }])
  const bytes = encodeModel({ name: 'gemm', nodes, initializers, inputs: inputs ?? [], outputs: outputs ?? [] })
  const graph = { name: 'gemm', bytes, weightsFolder: '', regions: [], inputs: ['x'], outputs: ['y'] }
  return loadNetwork(graph, { threads })
}
