import { openCheckpoint } from '../checkpoint/open.ts'
import type { Checkpoint } from '../checkpoint/open.ts'
import type { DiffusionNetwork } from '../diffusion/guidance.ts'
import { buildAutoencoderDecoder, buildAutoencoderEncoder } from '../network/autoencoder.ts'
import { buildTextEncoder } from '../network/text-encoder.ts'
import { buildUnet } from '../network/unet.ts'
import { loadNetwork } from '../runtime/network.ts'
import type { Network } from '../runtime/network.ts'
import type { OnnxGraph } from '../runtime/graph.ts'
import { scaled } from '../tensor/arithmetic.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { TextEncoder } from '../text/conditioning.ts'
import type { Tokenizer } from '../text/tokenizer.ts'
import { loadTokenizer } from './tokenizer.ts'

export interface LoadOptions {
  /** Null lets the runtime choose. */
  readonly threads: number | null
  readonly vocabulariesFolder: string
}

/** Told how many bytes of a network's weights have been read. */
export type OnRead = (share: number) => void

type NetworkName = 'text encoder' | 'U-Net' | 'decoder' | 'encoder'

/** A model whose networks are opened when first asked for, and stay open until `release`. */
export class LoadedModel {
  readonly checkpoint: Checkpoint
  readonly tokenizer: Tokenizer
  readonly options: LoadOptions
  readonly #networks = new Map<NetworkName, Network>()

  private constructor(checkpoint: Checkpoint, tokenizer: Tokenizer, options: LoadOptions) {
    this.checkpoint = checkpoint
    this.tokenizer = tokenizer
    this.options = options
  }

  /** @throws StudioError model-missing, checkpoint-unsupported */
  static async open(path: string, options: LoadOptions): Promise<LoadedModel> {
    const checkpoint = await openCheckpoint(path)
    return new LoadedModel(checkpoint, await loadTokenizer(checkpoint, options.vocabulariesFolder), options)
  }

  /** Pixels a side for each latent cell. */
  get latentFactor(): number {
    return 2 ** (this.checkpoint.autoencoder.config.blockChannels.length - 1)
  }

  /** Token ids to hidden states after the final norm. */
  async textEncoder(onRead?: OnRead): Promise<TextEncoder> {
    const network = await this.#network('text encoder', () => buildTextEncoder(this.checkpoint.textEncoder), onRead)
    return async (ids) => {
      const length = ids[0]?.length ?? 0
      const flat = BigInt64Array.from(ids.flat(), (id) => BigInt(id))
      return output(await network.run({ input_ids: { shape: [ids.length, length], data: flat } }), 'last_hidden_state')
    }
  }

  /** The noise predictor, for latents of any size. */
  async unet(onRead?: OnRead): Promise<DiffusionNetwork> {
    const network = await this.#network('U-Net', () => buildUnet(this.checkpoint.unet), onRead)
    return async (sample, timesteps, context) => {
      const timestep = tensor([timesteps.length], Float32Array.from(timesteps))
      return output(await network.run({ sample, timestep, context }), 'prediction')
    }
  }

  /** A latent in the U-Net's scale [n, 4, h, w] to an image [n, 3, H, W], about -1 to 1. */
  async decoder(onRead?: OnRead): Promise<(latent: Tensor) => Promise<Tensor>> {
    const network = await this.#network('decoder', () => buildAutoencoderDecoder(this.checkpoint.autoencoder), onRead)
    const { scalingFactor } = this.checkpoint.autoencoder.config
    return async (latent) => output(await network.run({ latent: scaled(latent, 1 / scalingFactor) }), 'image')
  }

  /** An image [n, 3, H, W] in -1 to 1 to the mean and deviation of its latent, in the U-Net's scale. */
  async encoder(onRead?: OnRead): Promise<(image: Tensor) => Promise<{ mean: Tensor; deviation: Tensor }>> {
    const network = await this.#network('encoder', () => buildAutoencoderEncoder(this.checkpoint.autoencoder), onRead)
    const { scalingFactor } = this.checkpoint.autoencoder.config
    return async (image) => {
      const outputs = await network.run({ image })
      const { shape, data } = output(outputs, 'logvar')
      const deviation = tensor(
        shape,
        data.map((value) => Math.exp(value / 2) * scalingFactor),
      )
      return { mean: scaled(output(outputs, 'mean'), scalingFactor), deviation }
    }
  }

  async release(): Promise<void> {
    const networks = [...this.#networks.values()]
    this.#networks.clear()
    for (const network of networks) await network.release()
  }

  async #network(name: NetworkName, build: () => OnnxGraph, onRead: OnRead | undefined): Promise<Network> {
    const open = this.#networks.get(name)
    if (open) return open
    const network = await loadNetwork(build(), {
      threads: this.options.threads,
      ...(onRead === undefined ? {} : { onProgress: onRead }),
    })
    this.#networks.set(name, network)
    return network
  }
}

function output(outputs: Record<string, Tensor>, name: string): Tensor {
  const found = outputs[name]
  if (!found) throw new Error(`expected the network's output ${name}, found ${Object.keys(outputs).join(', ')}`)
  return found
}
