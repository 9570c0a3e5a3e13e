import type { Studio } from '../../../state/studio.svelte.ts'
import { findLora, loraTags, tagUse, withoutTag } from './lora-tags.ts'

/** Names that a prompt calls as LoRAs and the library does not have. */
export function unknownLoras({ parts }: Studio, prompt: string): readonly string[] {
  const loras = parts.ofKind('lora')
  return loraTags(prompt)
    .filter(({ name }) => findLora(loras, name) === undefined)
    .map(({ name }) => name)
}

/**
 * Makes rows of the LoRAs that were just typed or pasted into a prompt, and returns the prompt without their tags; one
 * that was in it before stays, or an undo would not last.
 * @param change puts a prompt into its field
 */
export function takeTypedLoras(
  studio: Studio,
  before: string,
  typed: string,
  change: (prompt: string) => void,
): string {
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
  const names = taken.map(({ part }) => part.name).join(', ')
  studio.offerUndo(`LoRA from the prompt: ${names}`, {
    label: 'take the LoRA out of the prompt',
    undo: () => {
      draft.change({ loras: [...rows] })
      change(typed)
    },
  })
  return taken.reduce((prompt, { tag }) => withoutTag(prompt, tag), typed)
}
