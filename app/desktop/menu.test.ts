import type { MenuItemConstructorOptions } from 'electron'
import { expect, test } from 'vitest'
import { menuTemplate } from './menu.ts'

type Item = MenuItemConstructorOptions

function open(
  platform: NodeJS.Platform,
  isPackaged = true,
): { items: Item[]; sent: string[]; hasOpenedLogs: () => boolean } {
  const sent: string[] = []
  let logs = 0
  const template = menuTemplate({ platform, isPackaged, send: (name) => sent.push(name), openLogs: () => (logs += 1) })
  return { items: template.flatMap(flatten), sent, hasOpenedLogs: () => logs === 1 }
}

function flatten(item: Item): Item[] {
  return [item, ...(Array.isArray(item.submenu) ? item.submenu.flatMap(flatten) : [])]
}

function press(items: Item[], accelerator: string): void {
  const item = items.find((candidate) => candidate.accelerator === accelerator)
  // The studio's own items look at neither the event nor the window.
  ;(item?.click as (() => void) | undefined)?.()
}

test.each(['linux', 'win32', 'darwin'] as const)('on %s each shortcut sends its command', (platform) => {
  const { items, sent } = open(platform)
  for (const key of ['Enter', '1', '2', '3', '4', '5']) press(items, `CmdOrCtrl+${key}`)
  press(items, platform === 'darwin' ? 'Cmd+,' : 'Ctrl+,')
  expect(sent).toEqual([
    'generate',
    'room:create',
    'room:gallery',
    'room:queue',
    'room:models',
    'room:settings',
    'room:settings',
  ])
})

test.each(['linux', 'win32', 'darwin'] as const)('on %s every accelerator belongs to one item', (platform) => {
  const accelerators = open(platform, false).items.flatMap(({ accelerator }) => accelerator ?? [])
  expect(new Set(accelerators).size).toBe(accelerators.length)
})

test('Esc is shown beside Cancel but never taken from the page', () => {
  const cancel = (platform: NodeJS.Platform): Item | undefined =>
    open(platform).items.find(({ label }) => label === 'Cancel')
  expect(cancel('linux')).toMatchObject({ accelerator: 'Esc', registerAccelerator: false })
  // macOS registers what it shows.
  expect(cancel('darwin')?.accelerator).toBeUndefined()
})

test('each platform has About, Quit and the editing commands where it expects them', () => {
  for (const platform of ['linux', 'win32', 'darwin'] as const) {
    const roles = open(platform).items.map(({ role }) => role)
    expect(roles).toEqual(expect.arrayContaining(['about', 'quit', 'editMenu', 'windowMenu', 'togglefullscreen']))
  }
  expect(open('darwin').items[0]).toMatchObject({ role: 'appMenu' })
})

test('a packaged studio has no developer tools in its menu, a clone has', () => {
  expect(open('linux', true).items.map(({ role }) => role)).not.toContain('toggleDevTools')
  expect(open('linux', false).items.map(({ role }) => role)).toContain('toggleDevTools')
})

test('Help opens the logs', () => {
  const { items, hasOpenedLogs } = open('linux')
  const item = items.find(({ label }) => label === 'Open Log Folder')
  ;(item?.click as (() => void) | undefined)?.()
  expect(hasOpenedLogs()).toBe(true)
})
