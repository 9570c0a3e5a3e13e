import { beforeEach, expect, test, vi } from 'vitest'
import { desktopActions } from './actions.ts'
import { machine, restart, told } from './electron-stand-in.ts'

vi.mock('electron', () => import('./electron-stand-in.ts'))

beforeEach(restart)

test('the chosen folder is answered, and null when the dialog was cancelled', async () => {
  machine.chosenFolder = '/models'
  expect(await desktopActions.chooseFolder()).toBe('/models')
  machine.chosenFolder = null
  expect(await desktopActions.chooseFolder()).toBeNull()
})

test('a file is shown in the system’s file manager', async () => {
  await desktopActions.revealFile('/gallery/fox.png')
  expect(told.shown).toEqual(['/gallery/fox.png'])
})

test('a discarded file goes to the system’s trash', async () => {
  await desktopActions.trashFile('/gallery/fox.png')
  expect(told.trashed).toEqual(['/gallery/fox.png'])
})

test('a folder that the system cannot open is an error in its words', async () => {
  await desktopActions.openFolder('/logs')
  expect(told.opened).toEqual(['/logs'])
  await expect(desktopActions.openFolder('/missing')).rejects.toThrow('no such folder')
})
