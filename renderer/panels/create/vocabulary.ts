import { misfit } from '../../part-names.ts'
import type { Studio } from '../../state/studio.svelte.ts'
import type { Vocabulary } from './completing.svelte.ts'
import { STARTER_WORDS } from './starter-words.ts'

/** What the prompt field offers for the chosen model: embeddings and LoRAs that fit it, the built-in model's words, and `wildcards`. */
export function vocabularyOf({ models, parts, draft }: Studio, wildcards: readonly string[]): Vocabulary {
  const model = models.find(draft.fields.model)
  const fitting = (kind: 'embedding' | 'lora') =>
    parts
      .ofKind(kind)
      .filter((part) => misfit(part, model) === undefined)
      .map(({ name }) => name)
  // Other models have words beyond any list.
  const words = model?.isBuiltIn ? STARTER_WORDS : []
  return { words: [...fitting('embedding'), ...words], loras: fitting('lora'), wildcards }
}
