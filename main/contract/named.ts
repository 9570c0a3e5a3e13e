import type { GenerationRequest, InputId, ModelId } from './generation.ts'
import type { PartKind } from './part.ts'

/** The input pictures that a request names, each once. */
export function namedInputs({ init, controls = [], imagePrompts = [] }: GenerationRequest): InputId[] {
  const start = init === null ? [] : [init.id, ...(init.mask === undefined ? [] : [init.mask.id])]
  return [...new Set([...start, ...controls.map(({ image }) => image), ...imagePrompts.map(({ image }) => image)])]
}

/** A part, the request's field that names it, and the kind that belongs there. */
export interface NamedPart {
  readonly id: ModelId
  readonly field: string
  readonly kind: PartKind
}

/** The parts that a request names. */
export function namedParts(request: GenerationRequest): NamedPart[] {
  const { vae, unet, loras = [], controls = [], imagePrompts = [] } = request
  return [
    ...(unet === undefined ? [] : [{ id: unet, field: 'unet', kind: 'unet' } as const]),
    ...(vae === undefined ? [] : [{ id: vae, field: 'vae', kind: 'autoencoder' } as const]),
    ...loras.map(({ id }, i) => ({ id, field: `loras.${i}.id`, kind: 'lora' }) as const),
    ...controls.map(({ id }, i) => ({ id, field: `controls.${i}.id`, kind: 'controlnet' }) as const),
    ...imagePrompts.map(({ id }, i) => ({ id, field: `imagePrompts.${i}.id`, kind: 'ip-adapter' }) as const),
  ]
}
