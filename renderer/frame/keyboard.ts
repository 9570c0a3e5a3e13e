import { isEnabled, isTyping, type Command } from '../state/commands.ts'
import type { RoomId } from '../state/layout.svelte.ts'
import { matchesKeys } from '../state/shortcuts.ts'

/** What closes itself on Escape, and whose own keys come first. */
const OPEN_LAYERS = '[role=dialog][data-state=open], [role=menu], [role=listbox][data-state=open]'

/** The command a key press asks for, if it is the window's to answer. */
export function commandFor(event: KeyboardEvent, commands: readonly Command[], room: RoomId): Command | undefined {
  if (event.defaultPrevented || event.isComposing || document.querySelector(OPEN_LAYERS)) return undefined
  const isInText = isTyping(event.target)
  const isCopying = event.key.toLowerCase() === 'c' && document.getSelection()?.isCollapsed === false
  if (isCopying) return undefined
  return commands.find(
    (command) =>
      command.keys !== undefined &&
      matchesKeys(event, command.keys) &&
      (command.keysIn ?? room) === room &&
      (!isInText || command.actsInText === true) &&
      isEnabled(command),
  )
}
