import { expect, test } from 'vitest'
import { fitInto, toPicture } from './fitting.ts'

const PICTURE = { width: 200, height: 100 }
const FRAME = { width: 100, height: 100 }

test.each([
  ['crop', { x: 0, y: 0 }, { x: 50, y: 0 }],
  ['crop', { x: 50, y: 50 }, { x: 100, y: 50 }],
  ['contain', { x: 0, y: 25 }, { x: 0, y: 0 }],
  ['contain', { x: 100, y: 75 }, { x: 200, y: 100 }],
  ['stretch', { x: 25, y: 25 }, { x: 50, y: 25 }],
] as const)('with fit %s the point %o of the frame is %o of the picture', (fit, at, expected) => {
  expect(toPicture(at, fitInto(PICTURE, FRAME, fit))).toEqual(expected)
})
