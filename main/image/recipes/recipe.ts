import type { Recipe } from '../../contract/recipe.ts'
import { readParameters } from '../parameters.ts'
import type { PictureParameters } from '../parameters.ts'
import type { PictureSource } from '../picture-source.ts'
import { a1111Told } from './a1111.ts'
import { comfyPicture, comfyTold, readGraph } from './comfyui.ts'
import { jsonTold } from './json-parameters.ts'
import { invokeTold, readInvokeMetadata } from './invokeai.ts'
import { recipeOf } from './told.ts'

/**
 * How a picture was made, whichever program made it; null where it does not tell.
 * @throws StudioError not-found, invalid-request for a file that is no picture or damaged
 */
export async function readRecipe(source: PictureSource): Promise<Recipe | null> {
  return recipeIn(await readParameters(source))
}

function recipeIn({ studio, infotext, texts }: PictureParameters): Recipe | null {
  if (studio) {
    const { request, origin } = studio
    return recipeOf({ program: 'Latent Studio', fields: fieldsOf(request), modelName: origin.modelName, left: [] })
  }
  const invoke = texts['invokeai_metadata'] === undefined ? null : readInvokeMetadata(texts['invokeai_metadata'])
  if (invoke) return recipeOf(invokeTold(invoke))
  const json = jsonTold(texts['parameters'] ?? texts['UserComment'] ?? '')
  if (json) return recipeOf(json)
  // Programs that run ComfyUI's graphs may write both texts; the other says more plainly what was asked for.
  if (infotext && Object.keys(infotext.fields).length > 0) return recipeOf(a1111Told(infotext))
  const graph = texts['prompt'] === undefined ? null : readGraph(texts['prompt'])
  const picture = graph && comfyPicture(graph)
  return picture && recipeOf(comfyTold(picture))
}

type Request = NonNullable<PictureParameters['studio']>['request']

function fieldsOf(request: Request) {
  const { prompt, negativePrompt, promptStyle = 'plain', seed, steps, guidanceScale } = request
  const { widthPx, heightPx, sampler, schedule, noise = 'philox', clipSkip } = request
  const asked = { prompt, negativePrompt, promptStyle, seed, steps, guidanceScale }
  return { ...asked, widthPx, heightPx, sampler, schedule, noise, clipSkip }
}
