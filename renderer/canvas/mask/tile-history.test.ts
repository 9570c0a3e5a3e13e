import { expect, test } from 'vitest'
import { MaskSurface } from './mask-surface.ts'
import { TileHistory } from './tile-history.ts'

/** Larger than a tile, and no multiple of one. */
const SIZE = { width: 300, height: 200 }

function paintingOn(size = SIZE) {
  const surface = new MaskSurface(size)
  const history = new TileHistory(surface)
  const stroke = (from: { x: number; y: number }, to = from, widthPx = 20) => {
    history.touch(surface.strokeArea(from, to, widthPx))
    surface.draw('brush', from, to, widthPx)
    return history.commit()
  }
  const values = () => surface.read(surface.whole)
  const at = (x: number, y: number) => values()[y * size.width + x]
  return { surface, history, stroke, values, at }
}

test('strokes are taken back and done again in order, to the pixel', () => {
  const { history, stroke, values } = paintingOn()
  const states = [values()]
  stroke({ x: 20, y: 20 }, { x: 280, y: 180 })
  states.push(values())
  stroke({ x: 290, y: 10 })
  states.push(values())
  expect(history.undo()).toBe(true)
  expect(values()).toEqual(states[1])
  history.undo()
  expect(values()).toEqual(states[0])
  expect(history.canUndo).toBe(false)
  history.redo()
  history.redo()
  expect(values()).toEqual(states[2])
  expect(history.redo()).toBe(false)
})

test('a stroke that leaves the picture marks what of it is inside, and one outside marks nothing', () => {
  const { stroke, at } = paintingOn()
  expect(stroke({ x: -5, y: 100 })).toBe(true)
  expect(at(0, 100)).toBe(255)
  expect(stroke({ x: 500, y: 500 })).toBe(false)
})

test('a new edit after an undo drops what was undone', () => {
  const { history, stroke } = paintingOn()
  stroke({ x: 20, y: 20 })
  history.undo()
  stroke({ x: 90, y: 90 })
  expect(history.canRedo).toBe(false)
})

test('the eraser takes away, invert turns keep into repaint, and both can be undone', () => {
  const { surface, history, at } = paintingOn()
  history.touch(surface.whole)
  surface.fill()
  history.commit()
  history.touch(surface.strokeArea({ x: 150, y: 100 }, { x: 150, y: 100 }, 40))
  surface.draw('eraser', { x: 150, y: 100 }, { x: 150, y: 100 }, 40)
  history.commit()
  expect([at(150, 100), at(10, 10)]).toEqual([0, 255])
  history.touch(surface.whole)
  surface.invert()
  history.commit()
  expect([at(150, 100), at(10, 10)]).toEqual([255, 0])
  history.undo()
  history.undo()
  expect(surface.read(surface.whole).every((value) => value === 255)).toBe(true)
})

test('as a file the painted part is white, the rest black, at the picture’s own size', async () => {
  const { surface, stroke } = paintingOn()
  stroke({ x: 150, y: 100 }, { x: 150, y: 100 }, 40)
  const picture = await createImageBitmap(await surface.toPng())
  expect([picture.width, picture.height]).toEqual([300, 200])
  const read = new MaskSurface(SIZE)
  read.load(picture)
  expect(read.read(read.whole)).toEqual(surface.read(surface.whole))
})
