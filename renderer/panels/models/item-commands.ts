import type { Command } from '../../state/commands.ts'
import type { LibraryItem } from '../../state/library-view.svelte.ts'
import type { Studio } from '../../state/studio.svelte.ts'
import { addPart, useUnet } from '../create/parts/adding.ts'
import { kindTitle } from './library-facts.ts'

const WEIGHT_FILE = /\.(?:safetensors|sft|ckpt|gguf|pt|pth|bin)$/i
/** Kinds that go into the draft; an embedding is called by its name, an image encoder by what needs it. */
const USED_KINDS: readonly string[] = ['model', 'autoencoder', 'lora', 'controlnet', 'ip-adapter', 'unet']

/** Whether the item can go into the draft, as far as its file tells. */
export function hasUse({ kind, summary }: LibraryItem): boolean {
  return summary.problem === null && USED_KINDS.includes(kind)
}

/** Whether the item is a single file of the user's: a folder may hold more than it. */
export function isOwnFile({ model, summary }: LibraryItem): boolean {
  return model ? model.layout === 'single-file' && !model.isBuiltIn : WEIGHT_FILE.test(summary.path)
}

/** What using the item is called. */
export function useTitle({ kind }: LibraryItem): string {
  return `Use this ${kind === 'model' ? 'model' : kindTitle(kind)}`
}

/** Puts the item into the draft, and shows that. */
export function useItem(studio: Studio, { model, part }: LibraryItem): void {
  const { draft, layout } = studio
  if (model) draft.useModel(model)
  else if (part?.kind === 'autoencoder') draft.changeUndoably(`use the autoencoder ${part.name}`, { vae: part.id })
  else if (part?.kind === 'unet') useUnet(draft, part)
  else if (part) addPart(studio, part)
  layout.goTo('create')
}

/** The commands of an item's menu, in groups. */
export function itemCommands(studio: Studio, item: LibraryItem, trash: () => void): readonly (readonly Command[])[] {
  const { triggerWords, path } = item.summary
  const copy = (what: string, text: string): Command => ({
    id: `library:copy-${what.replaceAll(' ', '-')}`,
    title: `Copy the ${what}`,
    group: 'Models',
    run: () =>
      studio.attempt(async () => {
        await navigator.clipboard.writeText(text)
        studio.announcer.say(`Copied the ${what}`)
      }),
  })
  const use: Command = {
    id: 'library:use',
    title: useTitle(item),
    group: 'Models',
    run: () => {
      useItem(studio, item)
    },
  }
  return [
    hasUse(item) ? [use] : [],
    [
      copy('name', item.name),
      ...(triggerWords.length > 0 ? [copy('trigger words', triggerWords.join(', '))] : []),
      copy('path', path),
    ],
    isOwnFile(item) ? [{ id: 'library:trash', title: 'Move to the trash…', group: 'Models', run: trash }] : [],
  ]
}
