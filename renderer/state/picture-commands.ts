import type { ImageRecord } from '../../main/contract/image.ts'
import { pictureUrl } from '../api.ts'
import type { Command } from './commands.ts'
import type { Studio } from './studio.svelte.ts'

/** What can be done with a picture, in the groups a menu shows. */
export function pictureCommands(studio: Studio, picture: ImageRecord): readonly (readonly Command[])[] {
  return [useCommands(studio, picture), copyCommands(studio, picture), keepCommands(studio, picture)]
}

function useCommands(studio: Studio, picture: ImageRecord): readonly Command[] {
  const inCreate = (change: () => void) => () => {
    change()
    studio.layout.goTo('create')
  }
  return [
    {
      id: 'picture:use-settings',
      title: 'Use these settings',
      group: 'Picture',
      keys: 'U',
      words: 'recall again parameters',
      run: inCreate(() => studio.draft.useRequest(picture.request)),
    },
    {
      id: 'picture:use-seed',
      title: 'Same seed',
      group: 'Picture',
      words: 'reuse',
      run: inCreate(() => studio.draft.useSeed(picture.request.seed)),
    },
    {
      id: 'picture:use-as-start',
      title: 'Use as start picture',
      group: 'Picture',
      keys: 'I',
      words: 'img2img variation',
      run: () => studio.useAsStart(picture.id),
    },
  ]
}

function copyCommands(studio: Studio, picture: ImageRecord): readonly Command[] {
  return [
    {
      id: 'picture:copy',
      title: 'Copy picture',
      group: 'Picture',
      keys: 'Mod+C',
      run: () =>
        studio.attempt(async () => {
          await copyPicture(picture)
          studio.toasts.show('Picture copied')
        }),
    },
    {
      id: 'picture:copy-parameters',
      title: 'Copy parameters',
      group: 'Picture',
      keys: 'Mod+Shift+C',
      words: 'metadata text',
      run: () =>
        studio.attempt(async () => {
          await copyText(studio.api['gallery.parameters'](picture.id))
          studio.toasts.show('Parameters copied')
        }),
    },
    {
      id: 'picture:save-copy',
      title: 'Save a copy…',
      group: 'Picture',
      words: 'download export',
      run: () => saveCopy(picture),
    },
    ...(studio.settings.info?.canRevealFile
      ? [
          {
            id: 'picture:reveal',
            title: 'Show in folder',
            group: 'Picture',
            words: 'file finder explorer',
            run: () => studio.attempt(() => studio.api['gallery.reveal'](picture.id)),
          } satisfies Command,
        ]
      : []),
  ]
}

function keepCommands(studio: Studio, picture: ImageRecord): readonly Command[] {
  return [
    {
      id: 'picture:star',
      title: picture.isStarred ? 'Remove star' : 'Star',
      group: 'Picture',
      keys: 'S',
      words: 'favourite like',
      run: () => studio.star([picture.id], !picture.isStarred),
    },
    {
      id: 'picture:trash',
      title: 'Delete',
      group: 'Picture',
      keys: 'Delete',
      words: 'remove trash',
      run: () => studio.trash([picture.id]),
    },
  ]
}

// The clipboard takes promises, so that the click that asked is still fresh when the answer is here.

async function copyPicture({ id }: ImageRecord): Promise<void> {
  const png = fetch(pictureUrl(id)).then((response) => response.blob())
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': png })])
}

async function copyText(text: Promise<string>): Promise<void> {
  const plain = text.then((value) => new Blob([value], { type: 'text/plain' }))
  await navigator.clipboard.write([new ClipboardItem({ 'text/plain': plain })])
}

function saveCopy({ id, fileName }: ImageRecord): void {
  const link = document.createElement('a')
  link.href = pictureUrl(id)
  link.download = fileName.split('/').at(-1) ?? fileName
  link.click()
}
