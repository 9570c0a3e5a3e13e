import type { GenerationRequest, InputId, ModelId } from './generation.ts'

/** The input pictures that a request names, each once. */
export function namedInputs({ init, controls = [], imagePrompts = [] }: GenerationRequest): InputId[] {
  const start = init === null ? [] : [init.id, ...(init.mask === undefined ? [] : [init.mask.id])]
  return [...new Set([...start, ...controls.map(({ image }) => image), ...imagePrompts.map(({ image }) => image)])]
}

/** The parts that a request names, each with the field that names it. */
export function namedParts(request: GenerationRequest): { id: ModelId; field: string }[] {
  const { vae, loras = [], controls = [], imagePrompts = [] } = request
  return [
    ...(vae === undefined ? [] : [{ id: vae, field: 'vae' }]),
    ...loras.map(({ id }, i) => ({ id, field: `loras.${i}.id` })),
    ...controls.map(({ id }, i) => ({ id, field: `controls.${i}.id` })),
    ...imagePrompts.map(({ id }, i) => ({ id, field: `imagePrompts.${i}.id` })),
  ]
}
