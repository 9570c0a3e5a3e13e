import type { ModelId } from '../../main/contract/generation.ts'
import type { ImageRecord } from '../../main/contract/image.ts'
import { maskFillNames, preprocessorNames } from '../part-names.ts'

interface Fact {
  readonly name: string
  readonly value: string
  readonly copied: string
}

/** What people call a part or model. */
export type NameOf = (id: ModelId) => string

/** What joined the model, and what was painted over: one fact for each that was used. */
export function partFacts({ request }: ImageRecord, nameOf: NameOf): readonly Fact[] {
  const {
    loras = [],
    controls = [],
    imagePrompts = [],
    refiner,
    unet,
    vae,
    clipSkip,
    init,
    imageGuidanceScale,
  } = request
  return [
    ...(init?.mask ? [fact('Mask', maskText(init.mask))] : []),
    ...(imageGuidanceScale === undefined ? [] : [fact('Closeness', String(imageGuidanceScale))]),
    ...numbered('LoRA', loras, ({ id, weight, textWeight }) =>
      [nameOf(id), weight, ...(textWeight === undefined ? [] : [`words ${textWeight}`])].join(' · '),
    ),
    ...numbered('Control', controls, ({ id, preprocessor, weight, start, end }) =>
      [nameOf(id), preprocessorNames[preprocessor].label.toLowerCase(), weight, ...spanText(start, end)].join(' · '),
    ),
    ...numbered('Image prompt', imagePrompts, ({ id, weight, start, end }) =>
      [nameOf(id), weight, ...spanText(start, end)].join(' · '),
    ),
    ...(refiner ? [fact('Refiner', `${nameOf(refiner.model)} · from ${percent(refiner.start)}`)] : []),
    ...(unet === undefined ? [] : [fact('U-Net', nameOf(unet))]),
    ...(vae === undefined ? [] : [fact('Autoencoder', nameOf(vae))]),
    ...(clipSkip === undefined ? [] : [fact('CLIP skip', String(clipSkip))]),
  ]
}

type MaskUse = NonNullable<NonNullable<ImageRecord['request']['init']>['mask']>

function maskText({ fill, blurPx, paddingPx }: MaskUse): string {
  const area = paddingPx === null ? [] : [`only the area, ${paddingPx} px around`]
  return [`from ${maskFillNames[fill].toLowerCase()}`, `softness ${blurPx}`, ...area].join(' · ')
}

/** One is called by its kind; several are told apart. */
function numbered<T>(name: string, uses: readonly T[], textOf: (use: T) => string): readonly Fact[] {
  return uses.map((use, index) => fact(uses.length === 1 ? name : `${name} ${index + 1}`, textOf(use)))
}

function spanText(start: number, end: number): readonly string[] {
  return start === 0 && end === 1 ? [] : [`${percent(start)}–${percent(end)}`]
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`
}

function fact(name: string, value: string): Fact {
  return { name, value, copied: value }
}
