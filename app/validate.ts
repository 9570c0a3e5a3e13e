import { StudioError } from '../main/contract/failure.ts'
import type { GenerationRequest, ModelId } from '../main/contract/generation.ts'
import type { ModelSummary } from '../main/contract/model.ts'
import type { Gallery } from '../main/gallery/gallery.ts'
import type { Library } from '../main/library/library.ts'

/**
 * The model with this id, able to run.
 * @throws StudioError model-missing when it is gone or has a problem
 */
export function requireModel(library: Pick<Library, 'find' | 'list'>, id: ModelId): ModelSummary {
  const model = library.find(id)
  const field = 'request.model'
  if (!model) {
    const known = library.list().map((other) => other.id)
    throw new StudioError('model-missing', `model: expected one of ${known.join(', ')}, found "${id}"`, { field })
  }
  if (model.problem !== null) {
    throw new StudioError('model-missing', `model: ${model.name} cannot run. ${model.problem}`, { field })
  }
  return model
}

/**
 * What the schema of a request cannot know: that its model is there and runs, and that its input picture is kept.
 * @throws StudioError model-missing, not-found
 */
export function checkRequest(request: GenerationRequest, library: Library, gallery: Gallery): void {
  requireModel(library, request.model)
  if (request.init === null) return
  try {
    gallery.inputPath(request.init.id)
  } catch (error) {
    throw new StudioError('not-found', 'init: expected an input picture the studio has, found one that is gone', {
      field: 'request.init',
      cause: error,
    })
  }
}
