import { misfit } from '../../../part-names.ts'
import type { Studio } from '../../../state/studio.svelte.ts'

interface PartRow {
  readonly id: string
  readonly isOff?: boolean | undefined
}

const FIELDS = ['id', 'image', 'weight', 'textWeight', 'preprocessor', 'fit', 'start', 'end']

/** What is wrong with a row: what the draft or the studio says, else that its part is gone or does not fit the model. */
export function rowProblem(
  { draft, parts, models }: Studio,
  list: 'loras' | 'controls' | 'imagePrompts',
  index: number,
  { id, isOff }: PartRow,
): string | undefined {
  if (isOff) return undefined
  const told = FIELDS.map((field) => draft.problem(`${list}.${index}.${field}`)).find(Boolean)
  if (told !== undefined) return told
  const part = parts.find(id)
  return part ? misfit(part, models.find(draft.fields.model)) : 'The library no longer has it.'
}
