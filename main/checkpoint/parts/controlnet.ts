import { stat } from 'node:fs/promises'
import { StudioError } from '../../contract/failure.ts'
import type { UnetConfig } from '../config.ts'
import { readFolderTensors } from '../diffusers/weight-files.ts'
import { TensorList } from '../expected/layers.ts'
import type { ExpectedTensors } from '../expected/layers.ts'
import { unetTensors } from '../expected/unet.ts'
import { readTensorIndex } from '../file-kind.ts'
import { LDM_UNET, ldmUnetNames } from '../ldm/names.ts'
import type { TensorEntry } from '../tensor-index.ts'
import type { WeightDelta, WeightDeltas } from '../weight-delta.ts'
import { nameInFile } from '../weights.ts'
import type { Component, NameMap, StoredName, Weights } from '../weights.ts'
import { refuseOtherControls } from './controlnet-kinds.ts'
import { checkControlNetOptions } from './controlnet-options.ts'
import { soundWeights } from './sound-weights.ts'

/** A copy of a U-Net's way down and middle that sees a picture and gives one residual a skip and one for the middle. */
export interface ControlNetConfig {
  /** The U-Net that it was copied from; its way up and its output are not used. */
  readonly unet: UnetConfig
  /** Channels of the picture it is shown. */
  readonly hintChannels: number
  /** Widths of the convolutions that embed the picture; between two of them it is halved. */
  readonly hintWidths: readonly [number, ...number[]]
}

type Entries = ReadonlyMap<string, TensorEntry>

/** Red, green, blue. */
const PICTURE_CHANNELS = 3

/**
 * A ControlNet of the original code's names (with the prefix `control_model.` or without) or of diffusers', in a file or a
 * diffusers folder, for a U-Net: what tensors do not tell, as the heads, is the U-Net's.
 * @throws StudioError model-missing, checkpoint-unsupported; also for one of another family
 */
export async function openControlNet(path: string, base: Component<UnetConfig>): Promise<Component<ControlNetConfig>> {
  const entries = await readEntries(path)
  refuseOtherControls(path, entries.keys())
  const layout = layoutOf(path, entries)
  const config = configOf(path, entries, layout, base.config)
  const nameMap = layout.nameMap(config.unet, config.hintWidths.length)
  const weights = soundWeights({ path, entries, nameMap }, controlNetTensors(config))
  return entries.has(DIFFERENCE) ? { config, ...addedTo(base.weights, weights) } : { config, weights }
}

/** Marks a file whose tensors, where the U-Net has one of the same name, are what is to be added to the U-Net's. */
const DIFFERENCE = 'difference'

function addedTo(base: Weights, difference: Weights): { weights: Weights; deltas: WeightDeltas } {
  const deltas = new Map<string, readonly WeightDelta[]>()
  for (const name of difference.names.filter((name) => base.find(name) !== undefined)) {
    const change = { kind: 'stored', entry: difference.require(name) } as const
    deltas.set(name, [{ change, scale: 1, amount: 1 }])
  }
  const source = (name: string) => (deltas.has(name) ? base : difference)
  const weights: Weights = {
    names: difference.names,
    find: (name) => source(name).find(name),
    require: (name) => source(name).require(name),
  }
  return { weights, deltas }
}

async function readEntries(path: string): Promise<Entries> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new StudioError('model-missing', `${path}: expected a ControlNet, found nothing`, { cause })
  })
  if (!found.isDirectory()) return (await readTensorIndex(path)).entries
  await checkControlNetOptions(path)
  return (await readFolderTensors(path, 'diffusion_pytorch_model')).entries
}

interface Layout {
  /** @param widths how many convolution widths embed the picture */
  readonly nameMap: (unet: UnetConfig, widths: number) => NameMap
}

const DIFFUSERS: Layout = { nameMap: () => (name) => [name] }

/** The original counts the embedding's activations as layers, and each convolution stands in a list of its own. */
function original(prefix: string): Layout {
  return {
    nameMap(unet, widths) {
      const unetNames = ldmUnetNames(unet)
      const last = 2 * (1 + 2 * (widths - 1))
      const own = (name: string): string =>
        name
          .replace(/^controlnet_cond_embedding\.conv_in\./, 'input_hint_block.0.')
          .replace(/^controlnet_cond_embedding\.conv_out\./, `input_hint_block.${last}.`)
          .replace(/^controlnet_cond_embedding\.blocks\.(\d+)\./, (_, i) => `input_hint_block.${2 * (Number(i) + 1)}.`)
          .replace(/^controlnet_down_blocks\.(\d+)\./, 'zero_convs.$1.0.')
          .replace(/^controlnet_mid_block\./, 'middle_block_out.0.')
      const placed = (stored: StoredName): StoredName =>
        typeof stored === 'string'
          ? stored.replace(LDM_UNET, prefix)
          : { ...stored, whole: stored.whole.replace(LDM_UNET, prefix) }
      return (name) => {
        const renamed = own(name)
        return renamed === name ? unetNames(name).map(placed) : [prefix + renamed]
      }
    },
  }
}

function layoutOf(path: string, entries: Entries): Layout {
  if (entries.has('controlnet_cond_embedding.conv_in.weight')) return DIFFUSERS
  const prefix = ['control_model.', ''].find((start) => entries.has(`${start}input_hint_block.0.weight`))
  if (prefix !== undefined) return original(prefix)
  const some = [...entries.keys()].slice(0, 3).join(', ') || 'none'
  throw new StudioError(
    'checkpoint-unsupported',
    `${path}: expected a ControlNet's input_hint_block.* or controlnet_cond_embedding.*, found ${some}`,
  )
}

type ShapeOf = (name: string) => readonly number[] | undefined

/** Dimensions from names and shapes; the levels must be the base's, for its residuals join the base's skips. */
function configOf(path: string, entries: Entries, { nameMap }: Layout, base: UnetConfig): ControlNetConfig {
  // The layers that are looked at have the same place in all files, however many embed the picture.
  const placesOf = nameMap(base, 1)
  const shapeOf: ShapeOf = (name) =>
    placesOf(name)
      .map((stored) => entries.get(nameInFile(stored)))
      .find((entry) => entry !== undefined)?.shape
  const unet = copiedUnet(shapeOf, base)
  requireSame(path, 'wide first block', shapeOf('conv_in.weight')?.[0], base.blockChannels[0])
  requireSame(path, 'wide last block', shapeOf('controlnet_mid_block.weight')?.[0], base.blockChannels.at(-1))
  requireSame(path, 'wide context', unet.crossAttentionDim, base.crossAttentionDim)
  const vectorSize = shapeOf('add_embedding.linear_1.weight')?.[1]
  requireSame(path, 'wide vector beside the time embedding', vectorSize ?? 0, base.vector?.size ?? 0)
  const [, hintChannels = 0] = shapeOf('controlnet_cond_embedding.conv_in.weight') ?? []
  if (hintChannels !== PICTURE_CHANNELS) {
    const expected = `expected a ControlNet that sees pictures of ${PICTURE_CHANNELS} channels, found ${hintChannels}`
    throw new StudioError('checkpoint-unsupported', `${path}: ${expected}`)
  }
  return { unet, hintChannels, hintWidths: hintWidthsOf(shapeOf) }
}

/** The base, with what a ControlNet may have otherwise: fewer transformers, or none. */
function copiedUnet(shapeOf: ShapeOf, base: UnetConfig): UnetConfig {
  const depth = (place: string): number => {
    let k = 0
    while (shapeOf(`${place}.transformer_blocks.${k}.norm1.weight`)) k++
    return k
  }
  const middle = depth('mid_block.attentions.0')
  const down = base.blockChannels.map((_, level) => depth(`down_blocks.${level}.attentions.0`))
  const attended = down.findIndex((blocks) => blocks > 0)
  const transformer = middle > 0 ? 'mid_block.attentions.0' : `down_blocks.${attended}.attentions.0`
  const context = shapeOf(`${transformer}.transformer_blocks.0.attn2.to_k.weight`)?.[1]
  return {
    ...base,
    inChannels: shapeOf('conv_in.weight')?.[1] ?? base.inChannels,
    guidanceSize: shapeOf('time_embedding.cond_proj.weight')?.[1] ?? null,
    crossAttentionDim: context ?? base.crossAttentionDim,
    downTransformerDepth: down,
    middleTransformerDepth: middle,
    hasLinearProjections: shapeOf(`${transformer}.proj_in.weight`)?.length === 2,
  }
}

/** Every other convolution halves and widens. In the original's numbering the last one stands where an even block would. */
function hintWidthsOf(shapeOf: ShapeOf): [number, ...number[]] {
  const widths: [number, ...number[]] = [shapeOf('controlnet_cond_embedding.conv_in.weight')?.[0] ?? 0]
  for (let i = 1; ; i += 2) {
    const block = shapeOf(`controlnet_cond_embedding.blocks.${i}.weight`)
    if (block === undefined) return widths
    widths.push(block[0] ?? 0)
  }
}

function requireSame(path: string, what: string, found: number | undefined, expected: number | undefined): void {
  if (found === expected) return
  throw new StudioError(
    'checkpoint-unsupported',
    `${path}: expected a ControlNet for this model, ${expected ?? 0} ${what}, found ${found ?? 'none'}`,
  )
}

/** Every tensor that a ControlNet of these dimensions needs. */
export function controlNetTensors({ unet, hintChannels, hintWidths }: ControlNetConfig): ExpectedTensors {
  const list = new TensorList()
  const [first, ...wider] = hintWidths
  list.conv('controlnet_cond_embedding.conv_in', hintChannels, first, 3)
  for (const [i, width] of wider.entries()) {
    const from = hintWidths[i] ?? first
    list.conv(`controlnet_cond_embedding.blocks.${2 * i}`, from, from, 3)
    list.conv(`controlnet_cond_embedding.blocks.${2 * i + 1}`, from, width, 3)
  }
  list.conv('controlnet_cond_embedding.conv_out', hintWidths.at(-1) ?? first, unet.blockChannels[0] ?? 0, 3)
  for (const [i, channels] of skipChannels(unet).entries()) {
    list.conv(`controlnet_down_blocks.${i}`, channels, channels, 1)
  }
  const deepest = unet.blockChannels.at(-1) ?? 0
  list.conv('controlnet_mid_block', deepest, deepest, 1)
  const wayDown = [...unetTensors(unet)].filter(([name]) => !/^(?:up_blocks|conv_norm_out|conv_out)\./.test(name))
  return new Map([...list.tensors, ...wayDown])
}

/** Channels of the skips, in the order of the way down. */
export function skipChannels({ blockChannels, layersPerBlock }: UnetConfig): number[] {
  const levels = blockChannels.flatMap((channels, level) => {
    const isLast = level === blockChannels.length - 1
    return Array.from({ length: layersPerBlock + (isLast ? 0 : 1) }, () => channels)
  })
  return [blockChannels[0] ?? 0, ...levels]
}
