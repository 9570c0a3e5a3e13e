import type { Command } from './commands.ts'
import type { Studio } from './studio.svelte.ts'

/** What can be asked of the mask: to paint one, and while one is painted all its tools. Its keys come before the room's. */
export function maskCommands(studio: Studio): readonly Command[] {
  if (studio.mask.isPainting && studio.canvas.subject.kind === 'start') return paintingCommands(studio)
  return [
    {
      id: 'mask:paint',
      title: studio.draft.fields.init?.mask ? 'Paint on the mask' : 'Paint a mask',
      group: 'Create',
      keys: 'M',
      keysIn: 'create',
      words: 'inpaint repaint',
      isEnabled: () => studio.draft.fields.init !== null,
      run: () => paintMask(studio),
    },
  ]
}

function paintingCommands({ mask }: Studio): readonly Command[] {
  const command = (id: string, title: string, keys: string | undefined, run: () => void, enabled = true): Command => ({
    id: `mask:${id}`,
    title,
    group: 'Create',
    keysIn: 'create',
    ...(keys === undefined ? {} : { keys }),
    isEnabled: () => enabled,
    run,
  })
  return [
    command('undo', 'Undo in the mask', 'Mod+Z', () => mask.undo(), mask.canUndo),
    command('redo', 'Redo in the mask', 'Mod+Shift+Z', () => mask.redo(), mask.canRedo),
    command('redo-y', 'Redo in the mask', 'Mod+Y', () => mask.redo(), mask.canRedo),
    command('brush', 'Brush', 'B', () => mask.use('brush')),
    command('eraser', 'Eraser', 'E', () => mask.use('eraser')),
    command('smaller', 'Smaller brush', '[', () => mask.stepBrush(-1)),
    command('larger', 'Larger brush', ']', () => mask.stepBrush(1)),
    command('fill', 'Fill the mask', undefined, () => mask.fill()),
    command('clear', 'Clear the mask', undefined, () => mask.clear()),
    command('invert', 'Invert the mask', undefined, () => mask.invert()),
    command('fit', 'Fit the picture', '0', () => mask.zoom.fit()),
    command('in', 'Zoom in', '+', () => mask.zoom.in()),
    command('out', 'Zoom out', '-', () => mask.zoom.out()),
    command('done', 'Done painting', 'Escape', () => mask.close()),
  ]
}

/** Opens the start picture to paint its mask. */
export async function paintMask(studio: Studio): Promise<void> {
  await studio.attempt(async () => {
    await studio.mask.open()
    studio.canvas.showStart()
    studio.layout.goTo('create')
  })
}
