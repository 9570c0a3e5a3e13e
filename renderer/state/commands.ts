import type { RoomId } from './layout.svelte.ts'

/** Something a person can ask for by key, palette, menu or button. */
export interface Command {
  /** Also the name under which the desktop's menu asks for it. */
  readonly id: string
  readonly title: string
  readonly group: 'Create' | 'Picture' | 'Gallery' | 'Go to' | 'Queue' | 'Models' | 'View' | 'Edit'
  /** See `matchesKeys`. */
  readonly keys?: string
  /** Other words a person might type for it. */
  readonly words?: string
  /** The room outside which its keys do nothing. */
  readonly keysIn?: RoomId
  /** Whether its keys act while a text is being edited. */
  readonly actsInText?: boolean
  isEnabled?(): boolean
  run(): void | Promise<void>
}

/** Whether the command can be run now. */
export function isEnabled(command: Command): boolean {
  return command.isEnabled?.() ?? true
}

/** Whether a key press belongs to the element that has it: a text being edited, an open menu or dialog. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches('input:not([type=checkbox], [type=radio]), textarea, select'))
  )
}
