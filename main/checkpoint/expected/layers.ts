/** The tensors a network needs, by diffusers name, with their shapes. */
export type ExpectedTensors = ReadonlyMap<string, readonly number[]>

/** Collects what the layers of a network need, in the order of the network. */
export class TensorList {
  readonly tensors = new Map<string, readonly number[]>()

  /** A square convolution's weight [o, i, k, k] and bias. */
  conv(name: string, inChannels: number, outChannels: number, kernel: number, hasBias = true): void {
    this.tensors.set(`${name}.weight`, [outChannels, inChannels, kernel, kernel])
    if (hasBias) this.tensors.set(`${name}.bias`, [outChannels])
  }

  linear(name: string, inSize: number, outSize: number, hasBias = true): void {
    this.tensors.set(`${name}.weight`, [outSize, inSize])
    if (hasBias) this.tensors.set(`${name}.bias`, [outSize])
  }

  /** Group or layer norm. */
  norm(name: string, channels: number): void {
    this.tensors.set(`${name}.weight`, [channels])
    this.tensors.set(`${name}.bias`, [channels])
  }

  /** @param timeSize width of the time embedding; null in the autoencoder, which has none */
  resnet(name: string, inChannels: number, outChannels: number, timeSize: number | null): void {
    this.norm(`${name}.norm1`, inChannels)
    this.conv(`${name}.conv1`, inChannels, outChannels, 3)
    if (timeSize !== null) this.linear(`${name}.time_emb_proj`, timeSize, outChannels)
    this.norm(`${name}.norm2`, outChannels)
    this.conv(`${name}.conv2`, outChannels, outChannels, 3)
    if (inChannels !== outChannels) this.conv(`${name}.conv_shortcut`, inChannels, outChannels, 1)
  }
}

/** A level's entry of a list with one entry a level. */
export function atLevel(list: readonly number[], level: number): number {
  const value = list[level]
  if (value === undefined) throw new RangeError(`expected an entry for level ${level}, found ${list.length} entries`)
  return value
}
