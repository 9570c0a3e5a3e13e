import type { Checkpoint, Model, ModelFacts } from '../checkpoint/checkpoint.ts'
import { openModel } from '../checkpoint/open.ts'
import type { CheckpointOverrides } from '../checkpoint/open.ts'
import { StudioError } from '../contract/failure.ts'
import type { Logger } from '../contract/failure.ts'
import type { PredictionType } from '../contract/generation.ts'
import type { MemoryPlan, MemoryTrace } from '../contract/memory.ts'
import type { GenerationTask } from '../contract/studio.ts'
import type { Conditioning, DiffusionNetwork } from '../diffusion/guidance.ts'
import { buildControlNet } from '../network/controlnet.ts'
import { loadNetwork } from '../runtime/network.ts'
import type { Network } from '../runtime/network.ts'
import type { OnnxGraph } from '../runtime/graph.ts'
import { scaled } from '../tensor/arithmetic.ts'
import { channelsOf, concatChannels } from '../tensor/batch.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { encodePrompt } from '../text/conditioning.ts'
import type { EncodedPrompt, EncodedText, PromptEncoder, TextEncoder } from '../text/conditioning.ts'
import { withWords } from '../text/named-words.ts'
import type { Tokenizer } from '../text/tokenizer.ts'
import { guidanceEmbedding } from './guidance-embedding.ts'
import type { JoinedControl } from './controls.ts'
import { neutralFeeds } from './guide-feeds.ts'
import type { GuideFeeds } from './guide-feeds.ts'
import { controlName, readGuides } from './guides.ts'
import type { GuideName, Guides } from './guides.ts'
import { ALONE, joinedMarks, joinedNetworks, marksDiffer } from './joined-networks.ts'
import { joinedWords, noWords } from './joined-words.ts'
import type { JoinedWords } from './joined-words.ts'
import { networksOf } from './networks-of.ts'
import type { Networks } from './networks.ts'
import { OpenNetworks, SMALL_BYTES } from './open-networks.ts'
import { probePredictionType } from './prediction-probe.ts'
import { scoredPicture, wholePicture } from './size-conditioning.ts'
import type { PictureSizes, PromptRole } from './size-conditioning.ts'
import { decoderTiling, encoderTiling, inTiles } from './tiled.ts'
import type { OnTile } from './tiled.ts'
import { loadTokenizer } from './tokenizer.ts'

export interface LoadOptions {
  /** Null lets the runtime choose. */
  readonly threads: number | null
  readonly vocabulariesFolder: string
}

/** Told how many bytes of a network's weights have been read. */
export type OnRead = (share: number) => void

type NetworkName =
  `text encoder ${number}` | `text encoder ${number}, hiding` | 'U-Net' | 'decoder' | 'encoder' | GuideName

/** A model whose networks are opened when first asked for, and stay open until `release`. */
export class LoadedModel {
  readonly #model: Model
  #networks: Networks
  #marks = ALONE
  /** One for each text encoder that takes any. */
  #words: readonly JoinedWords[]
  readonly options: LoadOptions
  /** One for each text encoder. */
  readonly #tokenizers: readonly Tokenizer[]
  #predictionType: PredictionType | null = null
  readonly #open = new OpenNetworks()
  #tilePx: number | null = null

  private constructor(model: Model, tokenizers: readonly Tokenizer[], options: LoadOptions) {
    this.#model = model
    this.#networks = networksOf(model)
    this.#words = noWords(this.#networks.wordSpaces)
    this.options = options
    this.#tokenizers = tokenizers
  }

  /** @throws StudioError model-missing, checkpoint-unsupported */
  static async open(path: string, options: LoadOptions, overrides: CheckpointOverrides = {}): Promise<LoadedModel> {
    const model = await openModel(path, overrides)
    const encoders = 'labels' in model ? [] : model.textEncoders
    const tokenizers = encoders.map((part) => loadTokenizer(part, options.vocabulariesFolder))
    return new LoadedModel(model, await Promise.all(tokenizers), options)
  }

  get facts(): ModelFacts {
    return this.#model
  }

  /** With what joins them. */
  get networks(): Networks {
    return this.#networks
  }

  /**
   * Takes what the request joins to the model, and nothing else; open networks that it changes are closed.
   * @throws StudioError invalid-request, naming the field; model-missing, checkpoint-unsupported
   */
  async join(task: GenerationTask, logger: Logger): Promise<void> {
    const [before, after] = [this.#marks, joinedMarks(task)]
    this.#words = await joinedWords(task, this.#networks.wordSpaces, logger)
    if (!marksDiffer(before, after)) return
    this.#networks = await joinedNetworks(this.checkpoint, task, logger)
    this.#marks = after
    await this.#open.close((name) => marksDiffer(before, after, name))
  }

  /** The model's tensors, for what joins them. @throws StudioError invalid-request for a model that nothing joins */
  get checkpoint(): Checkpoint {
    const model = this.#model
    if (model.layout !== 'onnx' && !('labels' in model)) return model
    const why = model.layout === 'onnx' ? 'whose ONNX graphs run as they are' : 'which is told no words'
    throw new StudioError(
      'invalid-request',
      `expected a text-to-image model of weights, found ${model.name}, ${why}: nothing joins it`,
    )
  }

  /** Pixels a side for each latent cell. */
  get latentFactor(): number {
    return this.networks.latent.factor
  }

  /** The text encoders, in the order of the checkpoint. */
  async promptEncoders(): Promise<PromptEncoder[]> {
    const encoders: PromptEncoder[] = []
    for (const [i, tokenizer] of this.#tokenizers.entries()) {
      const network = await this.openTextEncoder(i)
      const words = this.#words[i]
      const encode: TextEncoder = async (ids, hidden) => {
        const shape = [ids.length, ids[0]?.length ?? 0]
        const feeds = {
          input_ids: { shape, data: BigInt64Array.from(ids.flat(), BigInt) },
          ...(words ? { token_vectors: words.vectors } : {}),
        }
        if (hidden) return encodedText(await (await this.#hidingTextEncoder(i)).run({ ...feeds, ...attended(hidden) }))
        return encodedText(await network.run(feeds))
      }
      encoders.push({ tokenizer: withWords(tokenizer, words?.words ?? []), encode })
    }
    return encoders
  }

  /** One text encoder by its place. */
  async openTextEncoder(place: number, onRead?: OnRead): Promise<Network> {
    return this.#network(`text encoder ${place}`, () => this.networks.textEncoder(place), onRead)
  }

  async #hidingTextEncoder(place: number): Promise<Network> {
    const build = () => this.networks.textEncoder(place, { canHide: true })
    return this.#network(`text encoder ${place}, hiding`, build, undefined)
  }

  /** What the U-Net is told for a class. */
  async classConditioning(number: number): Promise<Conditioning> {
    const table = await this.openTextEncoder(0)
    const outputs = await table.run({ input_ids: { shape: [1, 1], data: BigInt64Array.of(BigInt(number)) } })
    return { context: output(outputs, 'context'), vector: null }
  }

  /** What the U-Net is told for a prompt: its context and, where the model has one, the vector of the picture's sizes. */
  conditioning({ context, pooled }: EncodedPrompt, sizes: PictureSizes, role: PromptRole = 'prompt'): Conditioning {
    const { vector, isToldScore } = this.networks
    return { context, vector: vector && pooled && vector(pooled, isToldScore ? scoredPicture(sizes, role) : sizes) }
  }

  /** The pictures of a run that guides join; null where none do. @throws StudioError as `readGuides` */
  async guides(task: GenerationTask): Promise<Guides | null> {
    const { guides } = this.networks
    if (guides === null) return null
    return readGuides(guides, task, {
      open: (control) => this.openControl(control),
      runOnce: async (graph, feeds) => {
        const network = await loadNetwork(graph, { threads: this.options.threads })
        try {
          const outputs: Record<string, Tensor>[] = []
          for (const each of feeds) outputs.push(await network.run(each))
          return outputs
        } finally {
          await network.release()
        }
      },
    })
  }

  /** One of the ControlNets that the request joins. */
  async openControl({ path, component }: JoinedControl, onRead?: OnRead): Promise<Network> {
    return this.#network(controlName(path), () => buildControlNet(component), onRead)
  }

  /** The noise predictor, for latents of any size. @param guide what the run's pictures give it; by default they say nothing */
  async unet(onRead?: OnRead, guide: GuideFeeds = this.#unguided()): Promise<DiffusionNetwork> {
    const network = await this.#network('U-Net', () => this.networks.unet(), onRead)
    return async (latent, timesteps, told, moment) => {
      const { context, vector, picture, guidance } = told
      const feeds = {
        sample: picture ? concatChannels(latent, picture) : latent,
        timestep: tensor([timesteps.length], Float32Array.from(timesteps)),
        ...(context.data.length === 0 ? {} : { context }),
        ...(vector === null ? {} : { vector }),
        ...(guidance ? { guidance } : {}),
        ...(await guide({ x: latent, timesteps, told, moment })),
      }
      return output(await network.run(feeds), 'prediction')
    }
  }

  /** Goes about memory as planned; open networks that are held otherwise are closed. */
  async keepTo(plan: MemoryPlan): Promise<void> {
    this.#tilePx = plan.tilePx
    await this.#open.keepTo(plan)
  }

  /** How memory has been gone about. */
  get memory(): MemoryTrace {
    return { use: this.#open.useOf('U-Net') ?? 'small', tilePx: this.#tilePx }
  }

  /** Bytes that closing its networks would free. */
  get heldBytes(): number {
    return this.#open.heldBytes
  }

  /** A latent in the U-Net's scale [n, 4, h, w] to an image [n, 3, H, W], about -1 to 1. */
  async decoder(onRead?: OnRead): Promise<(latent: Tensor, onTile?: OnTile) => Promise<Tensor>> {
    const network = await this.#network('decoder', () => this.networks.decoder(), onRead)
    const { scalingFactor, factor } = this.networks.latent
    const run = async (latent: Tensor) => output(await network.run({ latent }), 'image')
    return (latent, onTile) =>
      inTiles(scaled(latent, 1 / scalingFactor), decoderTiling(this.#tilePx, factor), run, onTile)
  }

  /** An image [n, 3, H, W] in -1 to 1 to the mean and deviation of its latent, in the U-Net's scale. */
  async encoder(
    onRead?: OnRead,
  ): Promise<(image: Tensor, onTile?: OnTile) => Promise<{ mean: Tensor; deviation: Tensor }>> {
    const network = await this.#network('encoder', () => this.networks.encoder(), onRead)
    const { scalingFactor, factor, channels } = this.networks.latent
    const run = async (part: Tensor) => {
      const outputs = await network.run({ image: part })
      return concatChannels(output(outputs, 'mean'), output(outputs, 'logvar'))
    }
    return async (image, onTile) => {
      const moments = await inTiles(image, encoderTiling(this.#tilePx, factor), run, onTile)
      const { shape, data } = channelsOf(moments, channels, channels * 2)
      const deviation = tensor(
        shape,
        data.map((value) => Math.exp(value / 2) * scalingFactor),
      )
      return { mean: scaled(channelsOf(moments, 0, channels), scalingFactor), deviation }
    }
  }

  /** What the U-Net predicts; asks it, once, where the model's files do not say. */
  async predictionType(): Promise<PredictionType> {
    const { isPredictionTypeStated, diffusion } = this.facts
    this.#predictionType ??= isPredictionTypeStated ? diffusion.predictionType : await this.#askNetwork()
    return this.#predictionType
  }

  /** Closes large text encoders: they open again in the time of a blink, and till then hold nothing. */
  async closeEncoding(): Promise<void> {
    await this.#open.close((name, { storedBytes }) => name.startsWith('text encoder') && storedBytes > SMALL_BYTES)
  }

  /** Closes large networks that have done their part once there is a latent: all but the autoencoder. */
  async closeDenoising(): Promise<void> {
    await this.#open.close(
      (name, { storedBytes }) => !['decoder', 'encoder'].includes(name) && storedBytes > SMALL_BYTES,
    )
  }

  async release(): Promise<void> {
    await this.#open.close()
  }

  async #askNetwork(): Promise<PredictionType> {
    const { diffusion, defaults } = this.facts
    const [heightPx, widthPx] = [defaults.heightPx, defaults.widthPx]
    const nothing = await encodePrompt(await this.promptEncoders(), '')
    const sides = [heightPx, widthPx].map((px) => px / this.latentFactor)
    const { latent, input, guidanceSize } = this.networks
    const shape = [1, latent.channels, ...sides]
    const conditioning = {
      ...this.conditioning(nothing, wholePicture(heightPx, widthPx)),
      ...(input === 'none' ? {} : { picture: tensor([1, latent.channels + (input === 'inpaint' ? 1 : 0), ...sides]) }),
      ...(guidanceSize === null ? {} : { guidance: guidanceEmbedding(1, guidanceSize) }),
    }
    return probePredictionType(await this.unet(), conditioning, shape, diffusion.trainTimesteps - 1)
  }

  #unguided(): GuideFeeds {
    const { guides } = this.networks
    return guides ? neutralFeeds(guides.inputs) : () => Promise.resolve({})
  }

  async #network(name: NetworkName, build: () => OnnxGraph, onRead: OnRead | undefined): Promise<Network> {
    return this.#open.get(name, build, { threads: this.options.threads, onRead })
  }
}

function encodedText(outputs: Record<string, Tensor>): EncodedText {
  return { states: output(outputs, 'context'), pooled: outputs['pooled'] ?? null }
}

function attended(hidden: readonly (readonly boolean[])[]) {
  const data = BigInt64Array.from(hidden.flat(), (isHidden) => (isHidden ? 0n : 1n))
  return { attended: { shape: [hidden.length, hidden[0]?.length ?? 0], data } }
}

function output(outputs: Record<string, Tensor>, name: string): Tensor {
  const found = outputs[name]
  if (!found) throw new Error(`expected the network's output ${name}, found ${Object.keys(outputs).join(', ')}`)
  return found
}
