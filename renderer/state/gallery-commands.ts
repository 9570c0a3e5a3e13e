import type { ImageRecord } from '../../main/contract/image.ts'
import type { Command } from './commands.ts'
import { pictureCommands } from './picture-commands.ts'
import type { Studio } from './studio.svelte.ts'

/** What can be asked for while the Gallery room is open: of the open picture, of the selection, of the room. */
export function galleryCommands(studio: Studio): readonly Command[] {
  const { galleryView: view, gallery } = studio
  const { openId } = view
  const open = openId === undefined ? undefined : gallery.record(openId)
  const commands = [
    ...(open ? pictureCommands(studio, open).flat() : []),
    ...(openId === undefined ? selectionCommands(studio).flat() : openPictureCommands(studio)),
    ...roomCommands(studio),
  ]
  return commands.map((command) => ({ ...command, keysIn: 'gallery' }))
}

/** What a menu on a cell of the grid offers: for the selection if the cell is in it, else for its picture. */
export function cellCommands(studio: Studio, picture: ImageRecord): readonly (readonly Command[])[] {
  const { galleryView: view, canvas, layout } = studio
  const { selection } = view
  if (selection.has(picture.id) && view.selected.length > 1) return selectionCommands(studio)
  const isSelected = selection.has(picture.id)
  const openings: readonly Command[] = [
    { id: 'gallery:open', title: 'Open', group: 'Picture', keys: 'Enter', run: () => view.open(picture.id) },
    {
      id: 'gallery:show-on-canvas',
      title: 'Show on the canvas',
      group: 'Picture',
      run: () => {
        canvas.showImage(picture.id)
        layout.goTo('create')
      },
    },
    {
      id: 'gallery:select',
      title: isSelected ? 'Deselect' : 'Select',
      group: 'Picture',
      keys: 'Space',
      run: () => view.selection.toggle(picture.id),
    },
  ]
  return [openings, ...pictureCommands(studio, picture)]
}

/** What can be done with the selected pictures together; nothing when none is. */
export function selectionCommands(studio: Studio): readonly (readonly Command[])[] {
  const { galleryView: view, gallery } = studio
  const ids = view.selected
  const [only] = ids
  if (only === undefined) return []
  const single = ids.length === 1 ? gallery.record(only) : undefined
  if (single) return [...pictureCommands(studio, single), [clearCommand(studio)]]
  const what = pictureCount(ids.length)
  const areStarred = ids.every((id) => gallery.record(id)?.isStarred === true)
  return [
    [
      {
        id: 'selection:star',
        title: areStarred ? `Remove ${ids.length.toLocaleString()} stars` : `Star ${what}`,
        group: 'Picture',
        keys: 'S',
        run: () => studio.star(ids, !areStarred),
      },
    ],
    [
      {
        id: 'selection:trash',
        title: `Delete ${what}`,
        group: 'Picture',
        keys: 'Delete',
        run: () => studio.trash(ids),
      },
    ],
    [clearCommand(studio)],
  ]
}

/** A number of pictures in words. */
export function pictureCount(count: number): string {
  return `${count.toLocaleString()} ${count === 1 ? 'picture' : 'pictures'}`
}

function clearCommand({ galleryView }: Studio): Command {
  return {
    id: 'selection:clear',
    title: 'Clear the selection',
    group: 'Gallery',
    keys: 'Escape',
    run: () => galleryView.selection.clear(),
  }
}

function openPictureCommands({ galleryView: view }: Studio): readonly Command[] {
  const step = (id: string, title: string, keys: string, places: number): Command => ({
    id: `gallery:${id}`,
    title,
    group: 'Gallery',
    keys,
    run: () => view.openNext(places),
  })
  const zoom = (id: string, title: string, keys: string, run: () => void): Command => ({
    id: `zoom:${id}`,
    title,
    group: 'View',
    keys,
    run,
  })
  return [
    { id: 'gallery:close', title: 'Back to the grid', group: 'Gallery', keys: 'Escape', run: () => view.close() },
    step('next', 'Next picture', 'ArrowRight', 1),
    step('previous', 'Previous picture', 'ArrowLeft', -1),
    step('first', 'First picture', 'Home', -Infinity),
    step('last', 'Last picture', 'End', Infinity),
    zoom('fit', 'Fit the picture', '0', () => view.zoom.fit()),
    zoom('actual', 'Actual size', '1', () => view.zoom.actualSize()),
    zoom('in', 'Zoom in', '+', () => view.zoom.in()),
    zoom('out', 'Zoom out', '-', () => view.zoom.out()),
    {
      id: 'gallery:info',
      title: view.isInfoOpen ? 'Hide the parameters' : 'Show the parameters',
      group: 'View',
      keys: 'Mod+I',
      words: 'info metadata settings',
      run: () => view.change({ isInfoOpen: !view.isInfoOpen }),
    },
  ]
}

function roomCommands({ galleryView: view }: Studio): readonly Command[] {
  return [
    {
      id: 'gallery:select-all',
      title: 'Select all',
      group: 'Gallery',
      keys: 'Mod+A',
      isEnabled: () => view.openId === undefined && view.ids.length > 0,
      run: () => view.selection.all(view.ids),
    },
    {
      id: 'gallery:starred',
      title: view.filter.starredOnly ? 'Show all pictures' : 'Show starred pictures only',
      group: 'Gallery',
      words: 'favourites filter',
      run: () => view.ask({ starredOnly: !view.filter.starredOnly }),
    },
  ]
}

/** Takes the keyboard to the search line, from anywhere. */
export function searchCommand({ galleryView, layout }: Studio): Command {
  return {
    id: 'gallery:search',
    title: 'Search the gallery',
    group: 'Gallery',
    keys: 'Mod+F',
    keysIn: 'gallery',
    words: 'find prompts',
    actsInText: true,
    run: () => {
      layout.goTo('gallery')
      galleryView.askForSearch()
    },
  }
}
