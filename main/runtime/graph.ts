/** Where a network's weight lies: `length` bytes from `offset` of `file`, an absolute path. */
export interface WeightRegion {
  readonly tensor: string
  readonly file: string
  readonly offset: number
  readonly length: number
  /** How many numbers these bytes are. */
  readonly values: number
  /** They lie in blocks (Q8_0), whose widening takes several steps; absent where each stands by itself. */
  readonly isInBlocks?: true
  /** When the file was last written, in ms, as the region was found; absent where that is not known. */
  readonly changedAt?: number
}

/** A part of a network as an ONNX model of its own. */
export interface OnnxPiece {
  readonly bytes: Uint8Array
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

/** A network ready to load: an ONNX model in memory whose weights are places in the files of one folder. */
export interface OnnxGraph {
  /** For messages: 'U-Net', 'text encoder' … */
  readonly name: string
  readonly bytes: Uint8Array
  /** Files named in `bytes` are relative to this folder. */
  readonly weightsFolder: string
  readonly regions: readonly WeightRegion[]
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  /**
   * The same network as models to be run one after the other, each fed by name what the ones before gave; absent where
   * it is one. While the runtime prepares weights it holds them twice: of one piece only.
   */
  readonly pieces?: readonly OnnxPiece[]
}
