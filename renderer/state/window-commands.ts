import type { ImageRecord } from '../../main/contract/image.ts'
import type { Command } from './commands.ts'
import { galleryCommands, searchCommand } from './gallery-commands.ts'
import type { RoomId } from './layout.svelte.ts'
import { maskCommands } from './mask-commands.ts'
import { pictureCommands } from './picture-commands.ts'
import type { Studio } from './studio.svelte.ts'

const ROOMS: readonly (readonly [RoomId, string])[] = [
  ['create', 'Create'],
  ['gallery', 'Gallery'],
  ['queue', 'Queue'],
  ['models', 'Models'],
  ['settings', 'Settings'],
]

/** Everything a person can ask of the window now: what the palette lists and the keys do. */
export function windowCommands(studio: Studio): readonly Command[] {
  const shown = studio.shownImage
  const picture = shown === undefined ? undefined : studio.gallery.record(shown)
  const isInGallery = studio.layout.room === 'gallery'
  return [
    ...maskCommands(studio),
    ...createCommands(studio),
    ...(picture && !isInGallery ? shownPictureCommands(studio, picture) : []),
    ...(isInGallery ? galleryCommands(studio) : []),
    searchCommand(studio),
    ...modelCommands(studio),
    ...queueCommands(studio),
    ...viewCommands(studio),
  ]
}

function createCommands(studio: Studio): readonly Command[] {
  const { draft, layout } = studio
  return [
    {
      id: 'generate',
      title: 'Generate',
      group: 'Create',
      keys: 'Mod+Enter',
      actsInText: true,
      run: () => {
        layout.goTo('create')
        return studio.generate()
      },
    },
    {
      id: 'cancel',
      title: 'Cancel the running picture',
      group: 'Create',
      keys: 'Escape',
      keysIn: 'create',
      words: 'stop abort',
      actsInText: true,
      isEnabled: () => studio.queue.running !== undefined,
      run: () => studio.cancel(),
    },
    {
      id: 'create:roll-seed',
      title: 'New random seed',
      group: 'Create',
      keys: 'R',
      keysIn: 'create',
      words: 'dice',
      run: () => draft.rollSeed(),
    },
    {
      id: 'create:lock-seed',
      title: draft.fields.isSeedLocked ? 'Unlock the seed' : 'Lock the seed',
      group: 'Create',
      keys: 'L',
      keysIn: 'create',
      run: () => draft.change({ isSeedLocked: !draft.fields.isSeedLocked }),
    },
    {
      id: 'create:swap-size',
      title: 'Swap width and height',
      group: 'Create',
      keys: 'X',
      keysIn: 'create',
      run: () => draft.swapSize(),
    },
    {
      id: 'create:remove-start',
      title: 'Remove the start picture',
      group: 'Create',
      isEnabled: () => draft.fields.init !== null,
      run: () => draft.removeInput(),
    },
    {
      id: 'create:examples',
      title: 'Show the examples',
      group: 'Create',
      words: 'help ideas new',
      run: () => {
        layout.goTo('create')
        studio.canvas.clear()
      },
    },
  ]
}

/** What the canvas adds to what can be done with any picture. Keys act on it only where it is seen. */
function shownPictureCommands(studio: Studio, picture: ImageRecord): readonly Command[] {
  const { canvas } = studio
  const commands: readonly Command[] = [
    ...pictureCommands(studio, picture).flat(),
    {
      id: 'picture:compare',
      title: canvas.compare === 'off' ? 'Compare with the start picture' : 'Stop comparing',
      group: 'Picture',
      keys: 'C',
      isEnabled: () => picture.request.init !== null,
      run: () => canvas.setCompare(canvas.compare === 'off' ? 'split' : 'off'),
    },
    {
      id: 'picture:older',
      title: 'Older picture',
      group: 'Picture',
      keys: 'ArrowRight',
      run: () => studio.showNext(1),
    },
    {
      id: 'picture:newer',
      title: 'Newer picture',
      group: 'Picture',
      keys: 'ArrowLeft',
      run: () => studio.showNext(-1),
    },
  ]
  return commands.map((command) => ({ ...command, keysIn: 'create' }))
}

function queueCommands(studio: Studio): readonly Command[] {
  const { queue } = studio
  return [
    {
      id: 'queue:cancel-all',
      title: 'Cancel everything in the queue',
      group: 'Queue',
      words: 'stop',
      isEnabled: () => queue.open.length > 0,
      run: () => studio.attempt(() => queue.cancelAll()),
    },
    {
      id: 'queue:clear-finished',
      title: 'Clear finished jobs',
      group: 'Queue',
      isEnabled: () => queue.finished.length > 0,
      run: () => studio.clearFinished(),
    },
  ]
}

function modelCommands(studio: Studio): readonly Command[] {
  return [
    {
      id: 'models:refresh',
      title: 'Look for models again',
      group: 'Models',
      words: 'refresh scan',
      run: () => studio.attempt(() => studio.models.refresh()),
    },
    {
      id: 'models:add-folder',
      title: 'Add a model folder…',
      group: 'Models',
      run: () => studio.addModelFolder(),
    },
  ]
}

function viewCommands(studio: Studio): readonly Command[] {
  const { layout, settings, history } = studio
  const themes = ['system', 'light', 'dark'] as const
  return [
    {
      id: 'undo',
      title: history.last ? `Undo: ${history.last.label}` : 'Undo',
      group: 'Edit',
      keys: 'Mod+Z',
      isEnabled: () => history.last !== undefined,
      run: () => studio.undo(),
    },
    ...ROOMS.map(([room, title], index): Command => ({
      id: `room:${room}`,
      title,
      group: 'Go to',
      keys: `Mod+${index + 1}`,
      actsInText: true,
      run: () => layout.goTo(room),
    })),
    ...themes.map((theme): Command => ({
      id: `theme:${theme}`,
      title: `Theme: ${theme === 'system' ? 'as the system' : theme}`,
      group: 'View',
      words: 'colour appearance',
      run: () => studio.attempt(() => settings.change({ theme })),
    })),
    {
      id: 'palette',
      title: 'All commands',
      group: 'View',
      keys: 'Mod+K',
      actsInText: true,
      run: () => layout.openOverlay('palette'),
    },
    {
      id: 'shortcuts',
      title: 'Keyboard shortcuts',
      group: 'View',
      keys: '?',
      run: () => layout.openOverlay('shortcuts'),
    },
  ]
}
