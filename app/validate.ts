import { StudioError, toFailure } from '../main/contract/failure.ts'
import type { GenerationRequest, InputId, ModelId } from '../main/contract/generation.ts'
import type { ModelSummary } from '../main/contract/model.ts'
import { namedInputs, namedParts } from '../main/contract/named.ts'
import type { NamedPart } from '../main/contract/named.ts'
import type { PartSummary } from '../main/contract/part.ts'
import type { Gallery } from '../main/gallery/gallery.ts'
import type { Library } from '../main/library/library.ts'
import { promptStyles } from '../main/text/prompt/styles.ts'

/**
 * The model with this id, able to run.
 * @throws StudioError model-missing when it is gone or has a problem
 */
export function requireModel(library: Pick<Library, 'find' | 'list'>, id: ModelId, name = 'model'): ModelSummary {
  const model = library.find(id)
  const field = `request.${name}`
  if (!model) {
    const known = library.list().map((other) => other.id)
    throw new StudioError('model-missing', `${name}: expected one of ${known.join(', ')}, found "${id}"`, { field })
  }
  if (model.problem !== null) {
    throw new StudioError('model-missing', `${name}: ${model.name} cannot run. ${model.problem}`, { field })
  }
  return model
}

/**
 * The part that a request names, usable.
 * @throws StudioError model-missing when it is gone or has a problem; invalid-request for one of another kind
 */
export function requirePart(library: Pick<Library, 'findPart'>, { id, field: name, kind }: NamedPart): PartSummary {
  const part = library.findPart(id)
  const field = `request.${name}`
  if (!part) throw new StudioError('model-missing', `${name}: expected a part of the library, found "${id}"`, { field })
  if (part.problem !== null) {
    throw new StudioError('model-missing', `${name}: ${part.name} cannot be used. ${part.problem}`, { field })
  }
  if (part.kind !== kind) {
    const found = `found ${part.name}, of the kind ${part.kind}`
    throw new StudioError('invalid-request', `${name}: expected a part of the kind ${kind}, ${found}`, { field })
  }
  return part
}

/**
 * What the schema of a request cannot know: that its models and parts are there and run, and that its input pictures are kept.
 * Also that its prompts can be read in their style.
 * @throws StudioError model-missing, invalid-request, not-found
 */
export function checkRequest(
  request: GenerationRequest,
  library: Pick<Library, 'find' | 'findPart' | 'list'>,
  gallery: Pick<Gallery, 'inputPath'>,
): void {
  const model = requireModel(library, request.model)
  requirePicture(request, model)
  if (model.prompt === 'words') requireReadable(request)
  if (request.refiner) requireModel(library, request.refiner.model, 'refiner.model')
  for (const part of namedParts(request)) requirePart(library, part)
  for (const id of namedInputs(request)) {
    const field = inputField(request, id)
    try {
      gallery.inputPath(id)
    } catch (error) {
      throw new StudioError('not-found', `${field}: expected an input picture the studio has, found one that is gone`, {
        field: `request.${field}`,
        cause: error,
      })
    }
  }
}

/** A model that edits by instructions needs a picture; another U-Net may take none. */
function requirePicture({ init, unet }: GenerationRequest, { name, input }: ModelSummary): void {
  if (input !== 'instruct' || init !== null || unet !== undefined) return
  const found = `${name} edits a picture by the prompt, found none`
  throw new StudioError('invalid-request', `init: expected a picture, for ${found}`, { field: 'request.init' })
}

/** Prompts must be readable in their style. */
function requireReadable({ prompt, negativePrompt, promptStyle = 'plain' }: GenerationRequest): void {
  for (const [field, text] of Object.entries({ prompt, negativePrompt })) {
    try {
      promptStyles[promptStyle].read(text)
    } catch (error) {
      const sentence = `${field}: ${toFailure(error).message}`
      throw new StudioError('invalid-request', sentence, { field: `request.${field}`, cause: error })
    }
  }
}

function inputField({ init, controls = [], imagePrompts = [] }: GenerationRequest, id: InputId): string {
  if (init?.id === id) return 'init'
  if (init?.mask?.id === id) return 'init.mask'
  const control = controls.findIndex(({ image }) => image === id)
  if (control >= 0) return `controls.${control}.image`
  return `imagePrompts.${imagePrompts.findIndex(({ image }) => image === id)}.image`
}
