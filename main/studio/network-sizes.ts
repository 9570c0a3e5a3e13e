import { buildControlNet } from '../network/controlnet.ts'
import type { OnnxGraph } from '../runtime/graph.ts'
import type { Networks } from './networks.ts'

/** A network's weights in bytes. */
export interface NetworkSize {
  readonly storedBytes: number
  readonly float32Bytes: number
  /** Of its largest tensor as float32. */
  readonly largestBytes: number
  /** Of float32Bytes, what lies in blocks in the file; absent where nothing does. */
  readonly blockBytes?: number
  /** It loads piece by piece. */
  readonly isInPieces: boolean
}

export interface NetworkSizes {
  readonly textEncoders: readonly NetworkSize[]
  readonly unet: NetworkSize
  /** Of ControlNets, which work beside the U-Net; absent where none join it. */
  readonly controls?: readonly NetworkSize[]
  readonly decoder: NetworkSize
  /** Null where the model has none. */
  readonly encoder: NetworkSize | null
}

const known = new WeakMap<Networks, NetworkSizes>()

/** How large a model's networks are, with what joins them; drawn once for each `networks`. */
export function networkSizes(networks: Networks): NetworkSizes {
  const sizes = known.get(networks) ?? {
    textEncoders: networks.weightBytes.textEncoders.map((_, place) => graphSize(networks.textEncoder(place))),
    unet: graphSize(networks.unet()),
    controls: (networks.guides?.controls ?? []).map(({ component }) => graphSize(buildControlNet(component))),
    decoder: graphSize(networks.decoder()),
    encoder: encoderSize(networks),
  }
  known.set(networks, sizes)
  return sizes
}

function encoderSize(networks: Networks): NetworkSize | null {
  try {
    return graphSize(networks.encoder())
  } catch {
    // Asking for it fails where it is needed, with the reason.
    return null
  }
}

function graphSize({ regions, pieces }: OnnxGraph): NetworkSize {
  const widened = (among: OnnxGraph['regions']) => among.reduce((sum, { values }) => sum + values * 4, 0)
  const blockBytes = widened(regions.filter(({ isInBlocks }) => isInBlocks))
  return {
    storedBytes: regions.reduce((sum, { length }) => sum + length, 0),
    float32Bytes: widened(regions),
    ...(blockBytes === 0 ? {} : { blockBytes }),
    largestBytes: regions.reduce((most, { values }) => Math.max(most, values * 4), 0),
    isInPieces: pieces !== undefined,
  }
}
