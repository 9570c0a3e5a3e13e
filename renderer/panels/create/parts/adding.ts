import type { PartKind, PartSummary } from '../../../../main/contract/part.ts'
import { newKey } from '../../../state/draft-fields.ts'
import type { Studio } from '../../../state/studio.svelte.ts'

/** Something a picture can be made with besides words, as the menu offers it. */
interface Addition {
  readonly id: string
  readonly label: string
  readonly detail: string
  run(): void
}

/** When a refiner takes over, as the authors of Stable Diffusion XL do it. */
const REFINER_START = 0.8

/** Puts a part into the draft, as its maker likes it or as it usually is. */
export function addPart({ draft }: Studio, part: PartSummary): void {
  const use = { id: part.id, weight: part.preferredWeight ?? 1 }
  const row = { ...use, key: newKey(), image: null, start: 0, end: 1 }
  if (part.kind === 'lora') draft.loras.add(`add the LoRA ${part.name}`, use)
  if (part.kind === 'controlnet') {
    draft.controls.add(`add the control ${part.name}`, { ...row, preprocessor: guessPreprocessor(part), fit: 'crop' })
  }
  if (part.kind === 'ip-adapter') draft.imagePrompts.add(`add the image prompt ${part.name}`, row)
}

/** Takes a U-Net in place of the model's, with the fields that it was distilled for; undefined takes the model's own. */
export function useUnet(draft: Studio['draft'], part: PartSummary | undefined): void {
  if (!part) {
    draft.change({ unet: undefined })
    return
  }
  const stated = Object.entries(part.defaults ?? {}).filter(([, value]) => value !== undefined)
  draft.changeUndoably(`use the U-Net ${part.name}`, { unet: part.id, ...Object.fromEntries(stated) })
}

/** What can be added to the draft now; what the library lacks says so, and the picker says where to get it. */
export function additions(studio: Studio, pick: (kind: PartKind) => void): readonly Addition[] {
  const { draft, parts, models } = studio
  const offer = (kind: PartKind, label: string, what: string): Addition => {
    const count = parts.ofKind(kind).length
    const stock = count === 0 ? 'none in the library yet' : `${count.toLocaleString()} in the library`
    return { id: kind, label, detail: `${what} · ${stock}`, run: () => pick(kind) }
  }
  return [
    offer('lora', 'LoRA', 'A style or subject'),
    offer('controlnet', 'Control', 'Edges, depth or pose'),
    offer('ip-adapter', 'Image prompt', 'A picture that prompts like words'),
    ...(draft.fields.refiner || models.usable.length < 2
      ? []
      : [
          {
            id: 'refiner',
            label: 'Refiner',
            detail: 'A second model for the last steps',
            run: () => {
              const others = models.usable.filter(({ id }) => id !== draft.fields.model)
              const other = others.find(({ family }) => family.includes('refiner')) ?? others[0]
              if (!other) return
              draft.changeUndoably('add a refiner', { refiner: { model: other.id, start: REFINER_START } })
            },
          },
        ]),
  ]
}

/** A ControlNet's name tells what it was trained on: `control_v11p_sd15_canny`. */
function guessPreprocessor({ name }: PartSummary): 'canny' | 'scribble' | 'none' {
  if (/canny|softedge|lineart/i.test(name)) return 'canny'
  if (/scribble|sketch|hed/i.test(name)) return 'scribble'
  return 'none'
}
