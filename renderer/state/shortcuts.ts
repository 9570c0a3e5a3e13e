/**
 * Keys are written like `Mod+Shift+K`, where Mod is Command on a Mac and Control elsewhere. The last part is a
 * `KeyboardEvent.key`, or a single letter or digit in any case.
 */
export function matchesKeys(event: KeyboardEvent, keys: string, isMac = onMac()): boolean {
  const parts = keys.split('+')
  const key = keys.endsWith('+') ? '+' : (parts.at(-1) ?? '')
  const wantsMod = parts.includes('Mod')
  return (
    pressedKey(event, isMac).toLowerCase() === key.toLowerCase() &&
    (isMac ? event.metaKey : event.ctrlKey) === wantsMod &&
    !(isMac ? event.ctrlKey : event.metaKey) &&
    event.altKey === parts.includes('Alt') &&
    // Shift is part of some keys ("?"), so it only counts for letters and named keys.
    (event.shiftKey === parts.includes('Shift') || /^[^a-z0-9]$/i.test(key))
  )
}

// The key that Macs call Delete says Backspace.
function pressedKey({ key }: KeyboardEvent, isMac: boolean): string {
  return isMac && key === 'Backspace' ? 'Delete' : key
}

const NAMES: Readonly<Record<string, string>> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  Escape: 'Esc',
  Enter: '⏎',
  Delete: 'Del',
}
const MAC_NAMES: Readonly<Record<string, string>> = { ...NAMES, Mod: '⌘', Shift: '⇧', Alt: '⌥', Delete: '⌫' }

/** Keys as a person reads them on this system: `⌘⏎`, `Ctrl+Enter`. */
export function keysLabel(keys: string, isMac = onMac()): string {
  const names: Readonly<Record<string, string>> = isMac ? MAC_NAMES : { ...NAMES, Mod: 'Ctrl', Enter: 'Enter' }
  if (keys === '+') return keys
  return keys
    .split('+')
    .map((part) => names[part] ?? part)
    .join(isMac ? '' : '+')
}

/** The same for `aria-keyshortcuts`. */
export function ariaKeys(keys: string, isMac = onMac()): string {
  return keys.replace('Mod', isMac ? 'Meta' : 'Control')
}

/** Whether this is a Mac. */
export function onMac(): boolean {
  return /mac|iphone|ipad/i.test(navigator.platform)
}
