import type { Model, ModelFacts } from '../checkpoint/checkpoint.ts'
import { isAsOpened, writtenAt } from '../checkpoint/model-weights.ts'
import { openModel } from '../checkpoint/open.ts'
import type { CheckpointOverrides } from '../checkpoint/open.ts'
import type { Logger } from '../contract/failure.ts'
import type { PredictionType } from '../contract/generation.ts'
import type { MemoryPlan, MemoryTrace } from '../contract/memory.ts'
import type { GenerationTask } from '../contract/studio.ts'
import type { Conditioning, DiffusionNetwork } from '../diffusion/guidance.ts'
import { buildControlNet } from '../network/controlnet.ts'
import { loadNetwork } from '../runtime/network.ts'
import type { Network } from '../runtime/network.ts'
import type { OnnxGraph } from '../runtime/graph.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { encodePrompt } from '../text/conditioning.ts'
import type { EncodedPrompt, PromptEncoder } from '../text/conditioning.ts'
import { withWords } from '../text/named-words.ts'
import type { Tokenizer } from '../text/tokenizer.ts'
import type { JoinedControl } from './controls.ts'
import { neutralFeeds } from './guide-feeds.ts'
import type { GuideFeeds } from './guide-feeds.ts'
import { controlName, readGuides } from './guides.ts'
import type { GuideName, Guides } from './guides.ts'
import { Joining } from './joining.ts'
import type { Networks } from './networks.ts'
import { decoding, encoding } from './open-autoencoder.ts'
import type { Decode, Encode } from './open-autoencoder.ts'
import { OpenNetworks, SMALL_BYTES } from './open-networks.ts'
import { textEncoder } from './open-text-encoder.ts'
import { diffusionNetwork } from './open-unet.ts'
import { output } from './outputs.ts'
import { probeInput, probePredictionType } from './prediction-probe.ts'
import { scoredPicture, wholePicture } from './size-conditioning.ts'
import type { PictureSizes, PromptRole } from './size-conditioning.ts'
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
  readonly #joining: Joining
  readonly options: LoadOptions
  /** One for each text encoder. */
  readonly #tokenizers: readonly Tokenizer[]
  #predictionType: PredictionType | null = null
  readonly #open = new OpenNetworks()
  #tilePx: number | null = null

  private constructor(model: Model, tokenizers: readonly Tokenizer[], options: LoadOptions) {
    this.#model = model
    this.#joining = new Joining(model)
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

  /** Whether its files are as they were: no other program has written them anew. */
  isAsOpened(): Promise<boolean> {
    return isAsOpened(this.#model)
  }

  /** When the newest of its files was written. */
  get writtenAt(): number {
    return writtenAt(this.#model)
  }

  /** With what joins it. */
  get facts(): ModelFacts {
    return this.#joining.facts
  }

  /** With what joins them. */
  get networks(): Networks {
    return this.#joining.networks
  }

  /**
   * Takes what the request joins to the model, and nothing else; open networks that it changes are closed.
   * @throws StudioError invalid-request, naming the field; model-missing, checkpoint-unsupported
   */
  async join(task: GenerationTask, logger: Logger): Promise<void> {
    const isChanged = await this.#joining.join(task, logger)
    if (isChanged('U-Net')) this.#predictionType = null
    await this.#open.close(isChanged)
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
      const words = this.#joining.words(i)
      const encode = textEncoder(network, words, () => this.#hidingTextEncoder(i))
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
    return diffusionNetwork(network, guide)
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

  async decoder(onRead?: OnRead): Promise<Decode> {
    const network = await this.#network('decoder', () => this.networks.decoder(), onRead)
    return decoding(network, { latent: this.networks.latent, tilePx: this.#tilePx })
  }

  async encoder(onRead?: OnRead): Promise<Encode> {
    const network = await this.#network('encoder', () => this.networks.encoder(), onRead)
    return encoding(network, { latent: this.networks.latent, tilePx: this.#tilePx })
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
    const sizes = wholePicture(defaults.heightPx, defaults.widthPx)
    const told = this.conditioning(await encodePrompt(await this.promptEncoders(), ''), sizes)
    return probePredictionType(await this.unet(), {
      ...probeInput(this.networks, told, defaults),
      lastTimestep: diffusion.trainTimesteps - 1,
    })
  }

  #unguided(): GuideFeeds {
    const { guides } = this.networks
    return guides ? neutralFeeds(guides.inputs) : () => Promise.resolve({})
  }

  async #network(name: NetworkName, build: () => OnnxGraph, onRead: OnRead | undefined): Promise<Network> {
    return this.#open.get(name, build, { threads: this.options.threads, onRead })
  }
}
