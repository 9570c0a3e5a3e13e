import type { ModelId } from '../main/contract/generation.ts'
import { openModel } from '../main/checkpoint/open.ts'
import type { Library } from '../main/library/library.ts'
import { classNames } from '../main/studio/class-names.ts'
import { requireModel } from './validate.ts'

export type ListClassNames = (model: ModelId) => Promise<string[]>

/** The names of a model's classes, each with its others behind commas. */
export function createClassLister(library: Library, vocabulariesFolder: string): ListClassNames {
  return async (id) => {
    const { path, prompt } = requireModel(library, id)
    if (prompt !== 'class') return []
    const model = await openModel(path)
    const labels = 'labels' in model ? model.labels : null
    const names = labels && (await classNames(labels.config, vocabulariesFolder))
    return (names ?? []).map((own) => own.join(', '))
  }
}
