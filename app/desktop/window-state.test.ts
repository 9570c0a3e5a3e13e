import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { reachableBounds, readWindowState, writeWindowState } from './window-state.ts'

const laptop = { x: 0, y: 25, width: 1440, height: 875 }
const external = { x: 1440, y: 0, width: 2560, height: 1400 }
const centredOnLaptop = { x: 80, y: 62, width: 1280, height: 800 }

describe('the window opens where a person can reach it', () => {
  test.each([
    ['nothing is remembered', undefined, [laptop], centredOnLaptop],
    [
      'its screen is still there',
      { x: 1600, y: 100, width: 1800, height: 1200 },
      [laptop, external],
      { x: 1600, y: 100, width: 1800, height: 1200 },
    ],
    ['its screen has gone', { x: 1600, y: 100, width: 1800, height: 1200 }, [laptop], centredOnLaptop],
    ['its title bar is above the screen', { x: 100, y: -40, width: 900, height: 700 }, [laptop], centredOnLaptop],
    ['only an edge is left of it', { x: -880, y: 100, width: 900, height: 700 }, [laptop], centredOnLaptop],
    [
      'it hangs over an edge',
      { x: 1200, y: 100, width: 900, height: 700 },
      [laptop],
      { x: 1200, y: 100, width: 900, height: 700 },
    ],
    [
      'the screen became smaller',
      { x: 0, y: 25, width: 2560, height: 1400 },
      [laptop],
      { x: 0, y: 25, width: 1440, height: 875 },
    ],
    [
      'the screen is smaller than the preferred size',
      undefined,
      [{ x: 0, y: 0, width: 1024, height: 600 }],
      { x: 0, y: 0, width: 1024, height: 600 },
    ],
  ])('when %s', (_case, remembered, screens, expected) => {
    expect(reachableBounds(remembered, screens)).toEqual(expected)
  })
})

describe('the state file', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'window-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  test('keeps the state for the next start, in a folder made for it', () => {
    const file = join(folder, 'deep', 'window.json')
    const state = { bounds: { x: -5, y: 7, width: 900, height: 700 }, isMaximized: true, isFullScreen: false }
    writeWindowState(file, state)
    expect(readWindowState(file)).toEqual(state)
  })

  test.each(['', '{"bounds": 3}', '{"bounds":{"x":0,"y":0,"width":0,"height":9},"isMaximized":false}'])(
    'is ignored when it holds %j',
    (text) => {
      const file = join(folder, 'window.json')
      writeFileSync(file, text)
      expect(readWindowState(file)).toBeNull()
    },
  )

  test('is ignored when it is not there', () => {
    expect(readWindowState(join(folder, 'none.json'))).toBeNull()
  })
})
