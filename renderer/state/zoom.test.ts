import { expect, test } from 'vitest'
import { Zoom } from './zoom.svelte.ts'

function zoomOf(picture: { width: number; height: number }, pixelRatio = 1) {
  const zoom = new Zoom()
  zoom.setStage({ width: 800, height: 600 }, pixelRatio)
  zoom.setPicture(picture)
  return zoom
}

test.each([
  ['a large one is made to fit', { width: 1600, height: 600 }, 0.5],
  ['a tall one too', { width: 600, height: 1200 }, 0.5],
  ['a small one is enlarged', { width: 200, height: 100 }, 4],
  ['but not into fog', { width: 10, height: 10 }, 8],
])('a picture starts fitted: %s', (_, picture, scale) => {
  expect(zoomOf(picture).placement).toEqual({ scale, x: 0, y: 0 })
})

test('100% is one pixel of the picture on one of the screen', () => {
  const zoom = zoomOf({ width: 1600, height: 1200 }, 2)
  expect(zoom.percent).toBe(100)
  zoom.by(4)
  expect(zoom.percent).toBe(400)
  zoom.actualSize()
  expect(zoom.placement.scale).toBe(0.5)
})

test('the point under the pointer stays where it is', () => {
  const zoom = zoomOf({ width: 1600, height: 1200 })
  const at = { x: 100, y: -50 }
  const shown = () => [
    (at.x - zoom.placement.x) / zoom.placement.scale,
    (at.y - zoom.placement.y) / zoom.placement.scale,
  ]
  const before = shown()
  zoom.by(3, at)
  expect(zoom.isFitted).toBe(false)
  expect(shown()[0]).toBeCloseTo(before[0] ?? Number.NaN)
  expect(shown()[1]).toBeCloseTo(before[1] ?? Number.NaN)
})

test('a picture larger than the stage is moved about in, but never off it', () => {
  const zoom = zoomOf({ width: 800, height: 600 })
  zoom.pan(50, 50)
  expect(zoom.placement).toEqual({ scale: 1, x: 0, y: 0 })
  zoom.by(2)
  expect(zoom.canPan).toBe(true)
  zoom.pan(-10_000, 120)
  expect(zoom.placement).toEqual({ scale: 2, x: -400, y: 120 })
})

test('zooming back to fitted stays fitted when the window changes; another picture starts fitted', () => {
  const zoom = zoomOf({ width: 800, height: 600 })
  zoom.in()
  zoom.out()
  zoom.setStage({ width: 400, height: 300 }, 1)
  expect(zoom.placement.scale).toBe(0.5)
  zoom.in()
  zoom.setPicture({ width: 400, height: 300 })
  expect(zoom.isFitted).toBe(true)
})
