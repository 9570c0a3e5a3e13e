import type { ImagePrompt } from '../../main/contract/generation.ts'
import {
  ControlUse,
  FIT_MODES,
  LoraUse,
  Mask,
  MASK_FILLS,
  PREPROCESSORS,
  RefinerUse,
} from '../../main/contract/generation.ts'
import { checked, read, requireWith, UsageError, type Arguments, type OptionSpec } from './arguments.ts'

export const PART_OPTIONS = {
  vae: { value: 'NAME', help: 'another autoencoder' },
  unet: { value: 'NAME', help: 'another U-Net' },
  lora: { value: 'NAME[:N[:N]]', help: 'a LoRA, its weight, and its weight in the text encoder; may be given again' },
  control: {
    value: 'NAME=FILE[,…]',
    help: `a ControlNet and its picture, with weight=N, start=N, end=N, fit=${FIT_MODES.join('|')} or preprocessor=${PREPROCESSORS.join('|')} after commas; may be given again`,
  },
  'image-prompt': {
    value: 'NAME=FILE[,…]',
    help: 'an IP-Adapter and its picture, with weight=N, start=N or end=N; may be given again',
  },
  refiner: { value: 'NAME[:N]', help: 'a model that takes over after this share of the steps; 0.8 by default' },
} satisfies Record<string, OptionSpec>

export const MASK_OPTIONS = {
  mask: { value: 'FILE', help: 'with --init: white is made anew, black stays' },
  'mask-blur': { value: 'N', help: 'softens its edge, in pixels; 4 by default' },
  'mask-fill': { value: 'NAME', help: `what is there at first: ${MASK_FILLS.join(', ')}; original by default` },
  'mask-padding': { value: 'N', help: 'makes only the masked area, with so many pixels around it' },
} satisfies Record<string, OptionSpec>

/** What stands in a request as an id, as the command line names it: an id, a name or a file. */
type Named<T> = Omit<T, 'id' | 'image' | 'model'> & { readonly name: string }
type Pictured<T> = Named<T> & { readonly file: string }

/** Parts and pictures as the command line names them. */
export interface PartsAsked {
  readonly vae: string | undefined
  readonly unet: string | undefined
  readonly loras: readonly Named<LoraUse>[]
  readonly controls: readonly Pictured<ControlUse>[]
  readonly imagePrompts: readonly Pictured<ImagePrompt>[]
  readonly refiner: Named<RefinerUse> | undefined
}

/** A mask's use and where it lies. */
export type MaskAsked = Omit<Mask, 'id'> & { readonly file: string }

/** @throws UsageError */
export function readParts(found: Arguments): PartsAsked {
  const refiner = found.text('refiner')
  return {
    vae: found.text('vae'),
    unet: found.text('unet'),
    loras: found.texts('lora').map(readLora),
    controls: found.texts('control').map(readControl),
    imagePrompts: found.texts('image-prompt').map((text) => {
      const { values, ...named } = pictured('image-prompt', text, ['weight', 'start', 'end'])
      return { ...span('image-prompt', values), ...named }
    }),
    refiner: refiner === undefined ? undefined : readRefiner(refiner),
  }
}

/** @throws UsageError */
export function readMask(found: Arguments): MaskAsked | undefined {
  requireWith(found, ['mask-blur', 'mask-fill', 'mask-padding'], 'mask', 'FILE')
  const file = found.text('mask')
  const { blurPx, fill, paddingPx } = Mask.shape
  const use = {
    blurPx: read(found, 'mask-blur', blurPx, true) ?? 4,
    fill: read(found, 'mask-fill', fill) ?? 'original',
    paddingPx: read(found, 'mask-padding', paddingPx.unwrap(), true) ?? null,
  }
  return file === undefined ? undefined : { file, ...use }
}

/** A name may have colons of its own; weights stand at the end. */
function readLora(text: string): Named<LoraUse> {
  const [, name = text, weight, textWeight] = /^(.+?)(?::(-?[\d.]+))?(?::(-?[\d.]+))?$/.exec(text) ?? []
  return {
    name,
    weight: weight === undefined ? 1 : checked(LoraUse.shape.weight, 'lora', weight, true),
    ...(textWeight === undefined ? {} : { textWeight: checked(LoraUse.shape.weight, 'lora', textWeight, true) }),
  }
}

function readRefiner(text: string): Named<RefinerUse> {
  const [, name = text, start = '0.8'] = /^(.+?)(?::([\d.]+))?$/.exec(text) ?? []
  return { name, start: checked(RefinerUse.shape.start, 'refiner', start, true) }
}

function readControl(text: string): Pictured<ControlUse> {
  const fields = ['weight', 'start', 'end', 'fit', 'preprocessor']
  const { values, ...named } = pictured('control', text, fields)
  const { fit, preprocessor } = ControlUse.shape
  return {
    ...span('control', values),
    fit: checked(fit, 'control', values.get('fit') ?? 'crop'),
    preprocessor: checked(preprocessor, 'control', values.get('preprocessor') ?? 'none'),
    ...named,
  }
}

function span(option: string, values: ReadonlyMap<string, string>): { weight: number; start: number; end: number } {
  const { weight, start, end } = ControlUse.shape
  return {
    weight: checked(weight, option, values.get('weight') ?? '1', true),
    start: checked(start, option, values.get('start') ?? '0', true),
    end: checked(end, option, values.get('end') ?? '1', true),
  }
}

/** NAME=FILE and the fields that follow commas; a file's name may have commas and signs of its own. */
function pictured(
  option: string,
  text: string,
  fields: readonly string[],
): { name: string; file: string; values: ReadonlyMap<string, string> } {
  const field = new RegExp(`,(${fields.join('|')})=([^,=]*)$`)
  const values = new Map<string, string>()
  let rest = text
  for (let last = field.exec(rest); last !== null; last = field.exec(rest)) {
    values.set(last[1] ?? '', last[2] ?? '')
    rest = rest.slice(0, last.index)
  }
  const [, name, file] = /^([^=]+)=(.+)$/.exec(rest) ?? []
  if (name === undefined || file === undefined) {
    throw new UsageError(`--${option}: expected NAME=FILE, found "${text}"`)
  }
  return { name, file, values }
}

/** Every name that is called. */
export function namesOf({ vae, unet, loras, controls, imagePrompts, refiner }: PartsAsked): readonly string[] {
  const used = [...loras, ...controls, ...imagePrompts, ...(refiner ? [refiner] : [])].map(({ name }) => name)
  return [...[vae, unet].filter((name) => name !== undefined), ...used]
}
