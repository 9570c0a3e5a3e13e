import type { ModelSummary } from '../../main/contract/model.ts'
import type { Recipe } from '../../main/contract/recipe.ts'
import { fileStem } from '../names.ts'

/** The model that a picture was made with, if it is in the library: by its digest, else by its name or its file's. */
export function modelOf({ modelName, modelHash }: Recipe, models: readonly ModelSummary[]): ModelSummary | undefined {
  const usable = models.filter(({ problem }) => problem === null)
  const wanted = modelName === null ? undefined : fileStem(modelName).toLowerCase()
  return (
    usable.find(({ sha256 }) => modelHash !== null && sha256?.startsWith(modelHash)) ??
    usable.find(({ name, path }) => name.toLowerCase() === wanted || fileStem(path).toLowerCase() === wanted)
  )
}

/** What was taken over and what was not. */
export function recipeSentence({ program, modelName, left }: Recipe, hasModel: boolean): string {
  return [
    `Settings taken from a picture by ${program}.`,
    ...(modelName === null || hasModel ? [] : [`Its model ${modelName} is not in the library.`]),
    ...(left.length === 0 ? [] : [`Not taken: ${left.join(', ')}.`]),
  ].join(' ')
}
