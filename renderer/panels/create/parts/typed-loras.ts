import type { DraftLora } from '../../../state/draft-fields.ts'
import type { Studio } from '../../../state/studio.svelte.ts'
import { withPhrase } from './trigger-words.ts'
import { findLora, loraTags, tagUse, withoutTag } from './lora-tags.ts'

/** LoRAs whose tags stand in a prompt, by name: those that the library has, and those it has not. */
export interface TagsLeft {
  readonly known: readonly string[]
  readonly unknown: readonly string[]
}

/** A tag stays in a prompt where its LoRA was not known when it was typed, or where its taking was undone. */
export function tagsLeft({ parts }: Studio, prompt: string): TagsLeft {
  const loras = parts.ofKind('lora')
  const { known = [], unknown = [] } = Object.groupBy(loraTags(prompt), ({ name }) =>
    findLora(loras, name) === undefined ? 'unknown' : 'known',
  )
  return { known: known.map(({ name }) => name), unknown: unknown.map(({ name }) => name) }
}

/** A prompt's field, to read and to write. */
interface PromptValue {
  read(): string
  write(prompt: string): void
}

/**
 * Makes rows of the LoRAs that were just typed or pasted into a prompt, and returns the prompt without their tags; one
 * that was in it before stays, or an undo would not last.
 * @param field the prompt as it is by then, for an undo
 */
export function takeTypedLoras(studio: Studio, before: string, typed: string, field: PromptValue): string {
  const { draft, parts } = studio
  const loras = parts.ofKind('lora')
  const rows = draft.loras.list
  const taken = loraTags(typed).flatMap((tag) => {
    const part = before.includes(tag.text) ? undefined : findLora(loras, tag.name)
    return part ? [{ tag, part }] : []
  })
  if (taken.length === 0) return typed
  for (const { tag, part } of taken) {
    const use = tagUse(part.id, tag)
    const index = draft.loras.list.findIndex(({ id }) => id === part.id)
    if (index < 0) draft.change({ loras: [...draft.loras.list, use] })
    else draft.loras.change(index, { isOff: undefined, textWeight: undefined, ...use })
  }
  /** A row as it was, none for one that came with its tag; others are left alone. */
  const asBefore = (row: DraftLora): readonly DraftLora[] => {
    const old = rows.find(({ id }) => id === row.id)
    if (!taken.some(({ part }) => part.id === row.id)) return [row]
    return old ? [old] : []
  }
  const left = taken.reduce((prompt, { tag }) => withoutTag(prompt, tag), typed)
  const tags = taken.map(({ tag }) => tag.text).join(' ')
  const names = taken.map(({ part }) => part.name).join(', ')
  studio.offerUndo(`LoRA from the prompt: ${names}`, {
    label: 'take the LoRA out of the prompt',
    undo: () => {
      draft.change({ loras: draft.loras.list.flatMap(asBefore) })
      const now = field.read()
      field.write(now === left ? typed : withPhrase(now, tags))
    },
  })
  return left
}
