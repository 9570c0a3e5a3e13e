import { expect, test } from 'vitest'
import { ariaKeys, keysLabel, matchesKeys } from './shortcuts.ts'

const press = (key: string, held: KeyboardEventInit = {}) => new KeyboardEvent('keydown', { key, ...held })

test('Mod is Command on a Mac and Control elsewhere', () => {
  expect(matchesKeys(press('Enter', { ctrlKey: true }), 'Mod+Enter', false)).toBe(true)
  expect(matchesKeys(press('Enter', { metaKey: true }), 'Mod+Enter', true)).toBe(true)
  expect(matchesKeys(press('Enter', { ctrlKey: true }), 'Mod+Enter', true)).toBe(false)
})

test('a key with more or fewer modifiers than asked is another key', () => {
  expect(matchesKeys(press('s'), 'S', false)).toBe(true)
  expect(matchesKeys(press('s', { ctrlKey: true }), 'S', false)).toBe(false)
  expect(matchesKeys(press('S', { shiftKey: true }), 'S', false)).toBe(false)
  expect(matchesKeys(press('C', { ctrlKey: true, shiftKey: true }), 'Mod+Shift+C', false)).toBe(true)
  expect(matchesKeys(press('c', { ctrlKey: true }), 'Mod+Shift+C', false)).toBe(false)
})

test('a sign that needs Shift on some keyboards is taken with it and without', () => {
  expect(matchesKeys(press('?', { shiftKey: true }), '?', false)).toBe(true)
  expect(matchesKeys(press('?'), '?', false)).toBe(true)
})

test('keys are shown as the system writes them', () => {
  expect(keysLabel('Mod+Enter', true)).toBe('⌘⏎')
  expect(keysLabel('Mod+Enter', false)).toBe('Ctrl+Enter')
  expect(ariaKeys('Mod+1', false)).toBe('Control+1')
})
