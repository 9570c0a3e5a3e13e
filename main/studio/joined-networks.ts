import type { Checkpoint, Model, ModelFacts } from '../checkpoint/checkpoint.ts'
import { pixelsPerLatent } from '../checkpoint/draft.ts'
import { openAutoencoder } from '../checkpoint/parts/autoencoder.ts'
import type { ExternalAutoencoder } from '../checkpoint/parts/autoencoder.ts'
import { withLoras } from '../checkpoint/parts/lora/apply.ts'
import { openLora } from '../checkpoint/parts/lora/lora.ts'
import { openUnet } from '../checkpoint/parts/unet.ts'
import { StudioError } from '../contract/failure.ts'
import type { Logger } from '../contract/failure.ts'
import type { GenerationTask } from '../contract/studio.ts'
import { buildTinyDecoder, buildTinyEncoder } from '../network/tiny-autoencoder.ts'
import { atField } from './at-field.ts'
import { clipSkipFor } from './clip-skip.ts'
import { guideMarks, openGuides } from './guides.ts'
import { drawnNetworks, weightBytes } from './networks.ts'
import type { Networks } from './networks.ts'
import { networksOf } from './networks-of.ts'
import { noting } from './noting.ts'
import { partPath } from './task-paths.ts'

/** What a request joins to its model, for each kind of network: one whose mark stays the same can stay open. */
export interface JoinedMarks {
  readonly textEncoder: string
  readonly unet: string
  readonly autoencoder: string
  /** Names of the networks that are open for pictures that guide. */
  readonly guides: readonly string[]
}

/** The marks of a model as it is. */
export const ALONE = marksOf({ loras: [], clipSkip: null, unet: null, vae: null }, { unet: [], names: [] })

/** Whether anything differs; where a network is named, anything that changes it. */
export function marksDiffer(a: JoinedMarks, b: JoinedMarks, network?: string): boolean {
  const differs = (kind: 'textEncoder' | 'unet' | 'autoencoder') => a[kind] !== b[kind]
  if (network === undefined) {
    const differ = JSON.stringify(a.guides) !== JSON.stringify(b.guides)
    return differ || differs('textEncoder') || differs('unet') || differs('autoencoder')
  }
  if (network.startsWith('ControlNet')) return !b.guides.includes(network)
  if (network.startsWith('text encoder')) return differs('textEncoder')
  return differs(network === 'U-Net' ? 'unet' : 'autoencoder')
}

/** What the request joins to the model's networks. @throws StudioError model-missing */
export function joinedMarks(task: GenerationTask): JoinedMarks {
  const { loras = [], clipSkip = null, unet, vae } = task.request
  const path = (id: string | undefined) => (id === undefined ? null : partPath(task, id))
  const places = loras.map(({ id, weight, textWeight = weight }) => ({ path: partPath(task, id), weight, textWeight }))
  return marksOf({ loras: places, clipSkip, unet: path(unet), vae: path(vae) }, guideMarks(task))
}

interface Places {
  readonly loras: readonly { readonly path: string; readonly weight: number; readonly textWeight: number }[]
  readonly clipSkip: number | null
  readonly unet: string | null
  readonly vae: string | null
}

function marksOf({ loras, clipSkip, unet, vae }: Places, guides: ReturnType<typeof guideMarks>): JoinedMarks {
  const used = (amount: (lora: Places['loras'][number]) => number) =>
    loras.flatMap((lora) => (amount(lora) === 0 ? [] : [[lora.path, amount(lora)]]))
  return {
    textEncoder: JSON.stringify([clipSkip, used(({ textWeight }) => textWeight)]),
    unet: JSON.stringify([unet, used(({ weight }) => weight), guides.unet]),
    autoencoder: JSON.stringify(vae),
    guides: guides.names,
  }
}

/** A model's networks with what a request joins to them, and what of the model is otherwise then. */
export interface Joined {
  readonly networks: Networks
  readonly facts: Pick<ModelFacts, 'diffusion' | 'isPredictionTypeStated'>
  /** What of it could not be joined as asked, a sentence each. */
  readonly warnings: readonly string[]
}

/** A model as it is. */
export function alone(model: Model): Joined {
  return { networks: networksOf(model), facts: model, warnings: [] }
}

/**
 * A model with what the request joins to it: another U-Net, LoRAs, another autoencoder, an earlier layer of the text encoders.
 * @throws StudioError invalid-request, naming the field; model-missing, checkpoint-unsupported
 */
export async function joined(model: Model, task: GenerationTask, logger: Logger): Promise<Joined> {
  if (!marksDiffer(joinedMarks(task), ALONE)) return alone(model)
  const base = await withUnet(requireTensors(model, task), task)
  const told = noting(logger)
  return { networks: await joinedNetworks(base, task, told.logger), facts: base, warnings: told.notes }
}

/** The fields that join something to a model's tensors. */
const JOINING = ['unet', 'vae', 'loras', 'clipSkip', 'controls', 'imagePrompts'] as const

/** @throws StudioError invalid-request, naming the field, for a model that nothing joins */
function requireTensors(model: Model, { request }: GenerationTask): Checkpoint {
  if (model.layout !== 'onnx' && !('labels' in model)) return model
  const why = model.layout === 'onnx' ? 'whose ONNX graphs run as they are' : 'which is told no words'
  const field = JOINING.find((name) => request[name] !== undefined)
  throw new StudioError(
    'invalid-request',
    `expected a text-to-image model of weights, found ${model.name}, ${why}: nothing joins it`,
    field === undefined ? {} : { field },
  )
}

/** The model with the U-Net that the request names in place of its own. */
async function withUnet(model: Checkpoint, task: GenerationTask): Promise<Checkpoint> {
  const { unet: id } = task.request
  if (id === undefined) return model
  const { component, ...facts } = await atField('unet', openUnet(partPath(task, id), model))
  return { ...model, ...facts, unet: component }
}

async function joinedNetworks(model: Checkpoint, task: GenerationTask, logger: Logger): Promise<Networks> {
  const { loras = [], clipSkip, vae } = task.request
  const applied = await Promise.all(
    loras.map(async ({ id, weight, textWeight = weight }, i) => ({
      lora: await atField(`loras.${i}.id`, openLora(partPath(task, id))),
      weight,
      textWeight,
    })),
  )
  const changed = loras.length === 0 ? model : withLoras(model, applied, logger)
  const guides = await openGuides(model, pixelsPerLatent(model.autoencoder.config), task)
  const drawn = (checkpoint: Checkpoint) => drawnNetworks(checkpoint, skipping(checkpoint, clipSkip), guides)
  if (vae === undefined) return drawn(changed)
  const { scalingFactor, latentChannels } = model.autoencoder.config
  const path = partPath(task, vae)
  const other = await atField('vae', openAutoencoder(path, scalingFactor))
  requireChannels(path, other, latentChannels)
  if (other.kind === 'full') return drawn({ ...changed, autoencoder: other.component })
  return withTiny(drawn(changed), other, path)
}

/** The clip skip of each text encoder. */
function skipping({ textEncoders }: Checkpoint, clipSkip: number | undefined): number[] | undefined {
  return clipSkip === undefined ? undefined : textEncoders.map(({ config }) => clipSkipFor(config, clipSkip))
}

function withTiny(
  networks: Networks,
  { decoder, encoder }: ExternalAutoencoder & { kind: 'tiny' },
  path: string,
): Networks {
  const halves = encoder === null ? [decoder] : [decoder, encoder]
  return {
    ...networks,
    latent: { ...networks.latent, factor: 2 ** (decoder.config.blocks.length - 1) },
    weightBytes: { ...networks.weightBytes, autoencoder: halves.reduce((sum, half) => sum + weightBytes(half), 0) },
    decoder: () => buildTinyDecoder(decoder, networks.latent),
    encoder() {
      if (encoder) return buildTinyEncoder(encoder, networks.latent)
      const expected = 'expected the encoder of this tiny autoencoder beside it, to start from a picture, found none'
      throw new StudioError('invalid-request', `${path}: ${expected}`, { field: 'vae' })
    },
  }
}

function requireChannels(path: string, other: ExternalAutoencoder, expected: number): void {
  const { latentChannels } = other.kind === 'full' ? other.component.config : other.decoder.config
  if (latentChannels === expected) return
  throw new StudioError(
    'invalid-request',
    `${path}: expected an autoencoder of ${expected} latent channels, as the model has, found ${latentChannels}`,
    { field: 'vae' },
  )
}
