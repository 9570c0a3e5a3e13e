import { StudioError } from '../../../contract/failure.ts'
import type { Logger } from '../../../contract/failure.ts'
import type { Checkpoint, TextEncoderPart } from '../../checkpoint.ts'
import { textEncoderTensors } from '../../expected/text-encoder.ts'
import { unetTensors } from '../../expected/unet.ts'
import type { ExpectedTensors } from '../../expected/layers.ts'
import { LDM_UNET, ldmUnetNames } from '../../ldm/names.ts'
import type { WeightDelta } from '../../weight-delta.ts'
import { nameInFile } from '../../weights.ts'
import type { Component } from '../../weights.ts'
import { isOfShape } from './fit.ts'
import { underscored } from './keys.ts'
import type { LoraTarget } from './keys.ts'
import type { Lora, LoraModule } from './lora.ts'
import { madeFor } from './made-for.ts'

/** A LoRA and how much of it: of its part for the U-Net, and of that for the text encoders. */
export interface AppliedLora {
  readonly lora: Lora
  readonly weight: number
  readonly textWeight: number
}

/** How many names of modules a message lists. */
const NAMED = 3

/**
 * The model with what the LoRAs add. A sum: their order changes nothing but the last bits. What has weight 0 leaves no trace.
 * @param field of the request, that errors name with the LoRA's place in it
 * @throws StudioError invalid-request when a LoRA is made for another kind of model
 */
export function withLoras(
  model: Checkpoint,
  loras: readonly AppliedLora[],
  logger: Logger,
  field = 'loras',
): Checkpoint {
  const layers = layersOf(model)
  const deltas = new Map<LoraTarget, Map<string, WeightDelta[]>>()
  for (const [place, { lora, weight, textWeight }] of loras.entries()) {
    const fitting = fittingChanges(lora, layers, { model, logger, field: `${field}.${place}.id` })
    for (const { target, tensor, delta } of fitting) {
      const amount = target === 'unet' ? weight : textWeight
      if (amount === 0) continue
      const ofTarget = deltas.get(target) ?? new Map<string, WeightDelta[]>()
      ofTarget.set(tensor, [...(ofTarget.get(tensor) ?? []), { ...delta, amount }])
      deltas.set(target, ofTarget)
    }
  }
  const changed = <C extends Component<unknown>>(component: C, target: LoraTarget): C => {
    const own = deltas.get(target)
    return own ? { ...component, deltas: own } : component
  }
  const [first, ...others] = model.textEncoders
  const textEncoders: [TextEncoderPart, ...TextEncoderPart[]] = [
    changed(first, 0),
    ...others.map((part) => changed(part, 1)),
  ]
  return { ...model, unet: changed(model.unet, 'unet'), textEncoders }
}

/** A layer's name and the shapes of its tensors, by the names a LoRA's file may have for it. */
type Layers = ReadonlyMap<LoraTarget, ReadonlyMap<string, Layer>>

interface Layer {
  readonly name: string
  readonly shapes: ExpectedTensors
}

function layersOf({ unet, textEncoders }: Checkpoint): Layers {
  const ldmNames = ldmUnetNames(unet.config)
  const ofUnet = layers(unetTensors(unet.config), (name) => {
    const [original] = ldmNames(`${name}.weight`)
    return [name, original === undefined ? name : nameInFile(original).slice(LDM_UNET.length, -'.weight'.length)]
  })
  const ofText = textEncoders.map(({ config }) => layers(textEncoderTensors(config), (name) => [name]))
  return new Map<LoraTarget, ReadonlyMap<string, Layer>>([
    ['unet', ofUnet],
    ...ofText.map((own, place): [LoraTarget, ReadonlyMap<string, Layer>] => [place === 0 ? 0 : 1, own]),
  ])
}

/** The embedding table is gathered from as it is stored, and OpenCLIP's projection lies transposed: LoRAs leave both alone. */
const UNCHANGED = /(?:token_embedding|^text_projection)\.weight$/

function layers(shapes: ExpectedTensors, names: (layer: string) => readonly string[]): Map<string, Layer> {
  const found = new Map<string, Layer>()
  for (const tensor of shapes.keys()) {
    if (!tensor.endsWith('.weight') || UNCHANGED.test(tensor)) continue
    const name = tensor.slice(0, -'.weight'.length)
    for (const alias of names(name)) found.set(underscored(alias), { name, shapes })
  }
  return found
}

interface Fitting {
  readonly target: LoraTarget
  readonly tensor: string
  readonly delta: Omit<WeightDelta, 'amount'>
}

interface Telling {
  readonly model: Checkpoint
  readonly logger: Logger
  readonly field: string
}

/** The changes whose layers the model has, in their size. Says which it has not; an error when it is another kind of model. */
function fittingChanges(lora: Lora, layers: Layers, { model, logger, field }: Telling): Fitting[] {
  const fitting: Fitting[] = []
  const unused = [...lora.unknown]
  let isOfAnother = false
  for (const module of lora.modules) {
    const layer = layers.get(module.target)?.get(module.module)
    const own = layer ? changesOf(module, layer) : []
    fitting.push(...own)
    if (own.length === module.changes.length) continue
    unused.push(module.name)
    // Families share the names and sizes of many layers, but not the width of the prompt they attend to.
    isOfAnother ||= layer !== undefined && /attn2\.to_[kv]$/.test(layer.name)
  }
  if (fitting.length === 0 || isOfAnother) {
    throw new StudioError(
      'invalid-request',
      `${lora.path}: expected a LoRA for ${model.family.name}, found one made for ${madeFor(lora.index)}`,
      { field },
    )
  }
  if (unused.length > 0) {
    const more = unused.length > NAMED ? ` and ${unused.length - NAMED} more` : ''
    logger.warn(
      `${lora.path}: not used, since the model has no such layers: ${unused.slice(0, NAMED).join(', ')}${more}`,
    )
  }
  return fitting
}

function changesOf({ target, changes }: LoraModule, { name, shapes }: Layer): Fitting[] {
  return changes.flatMap((change) => {
    const tensor = `${name}.${change.tensor}`
    const shape = shapes.get(tensor)
    if (!shape || !isOfShape(change, shape)) return []
    const { scale, magnitude } = change
    return [
      { target, tensor, delta: { change: change.change, scale, ...(magnitude === undefined ? {} : { magnitude }) } },
    ]
  })
}
