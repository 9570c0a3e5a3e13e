import { expect, test } from 'vitest'
import { PREPROCESSORS } from '../../contract/generation.ts'
import type { Pixels } from '../pixels.ts'
import { canny } from './canny.ts'
import { preprocess } from './preprocess.ts'

/** Grey pixels, row by row. */
function grey(rows: readonly (readonly number[])[]): Pixels {
  const values = rows.flat().flatMap((value) => [value, value, value])
  return { data: Uint8ClampedArray.from(values), widthPx: rows[0]?.length ?? 0, heightPx: rows.length }
}

/** The red channel, # for 255 and . for 0; anything else stands as it is. */
function drawn({ data, widthPx, heightPx }: Pixels): string[] {
  const sign = (value: number | undefined) => (value === 255 ? '#' : value === 0 ? '.' : `(${value ?? NaN})`)
  return Array.from({ length: heightPx }, (_, y) =>
    Array.from({ length: widthPx }, (_, x) => sign(data[3 * (y * widthPx + x)])).join(''),
  )
}

function picture(width: number, height: number, value: (x: number, y: number) => number): Pixels {
  return grey(Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => value(x, y))))
}

const of = (x: number, y: number, edge: number, light: number) => (x >= edge && y >= 0 ? light : 0)

test('canny: a step gives one line, on the first of two equal gradients; up to the border', () => {
  expect(drawn(canny(picture(6, 3, (x, y) => of(x, y, 3, 255))))).toEqual(['..#...', '..#...', '..#...'])
  expect(drawn(canny(picture(3, 6, (x, y) => of(y, x, 3, 255))))).toEqual(['...', '...', '###', '...', '...', '...'])
})

test('canny: a gradient counts above the low threshold where it hangs together with one above the high', () => {
  // A step of v has the gradient 4v beside it.
  expect(drawn(canny(picture(6, 3, (x, y) => of(x, y, 3, 50))))).toEqual(['......', '......', '......'])
  expect(drawn(canny(picture(6, 3, (x, y) => of(x, y, 3, 51))))).toEqual(['..#...', '..#...', '..#...'])
  const fading = picture(6, 40, (x, y) => of(x, y, 3, y === 0 ? 60 : y < 20 ? 40 : 20))
  const lines = drawn(canny(fading))
  expect(lines.slice(0, 19).every((line) => line.includes('#'))).toBe(true)
  expect(lines.slice(22).every((line) => line === '......')).toBe(true)
  const faint = picture(6, 40, (x, y) => of(x, y, 3, y < 20 ? 40 : 20))
  expect(drawn(canny(faint)).join('')).not.toContain('#')
})

test('canny: the four sides of a square are followed round its corners', () => {
  const inside = (x: number, y: number) => (x >= 3 && x < 9 && y >= 3 && y < 9 ? 255 : 0)
  const lines = drawn(canny(picture(12, 12, inside)))
  expect(lines[6]).toBe('..#.....#...')
  expect(lines[2]?.slice(4, 8)).toBe('####')
  expect(lines[8]?.slice(4, 8)).toBe('####')
  expect(lines[0]).toBe('............')
})

test('canny: a colour that changes alone is an edge though the brightness stays', () => {
  const { data, ...size } = picture(6, 3, () => 100)
  for (let i = 0; i < data.length; i += 3) data[i + 2] = (i / 3) % 6 < 3 ? 0 : 255
  expect(drawn(canny({ data, ...size }))).toEqual(['..#...', '..#...', '..#...'])
})

test('scribble: dark lines on light paper become white on black, and paper or light lines do not', () => {
  const dark = preprocess(
    'scribble',
    picture(41, 41, (x) => (x === 20 ? 0 : 255)),
  )
  expect(drawn(dark)[20]).toBe(`${'.'.repeat(20)}#${'.'.repeat(20)}`)
  const light = preprocess(
    'scribble',
    picture(41, 41, (x) => (x === 20 ? 255 : 0)),
  )
  expect(drawn(light)[20]?.[20]).toBe('.')
  expect(
    drawn(
      preprocess(
        'scribble',
        picture(9, 9, () => 128),
      ),
    ).join(''),
  ).not.toContain('#')
})

test('scribble: a difference of more than 16 in every channel counts, as A1111 starts with', () => {
  // Of a single row the blurred line keeps 1 - 0.0807 of its depth less what both blurs spread: 0.786 - 0.080.
  const depth = (value: number) =>
    drawn(
      preprocess(
        'scribble',
        picture(41, 1, (x) => (x === 20 ? 255 - value : 255)),
      ),
    )[0]?.[20]
  expect(depth(22)).toBe('.')
  expect(depth(26)).toBe('#')
  const red = picture(41, 41, () => 255)
  for (let y = 0; y < 41; y++) red.data[3 * (41 * y + 20)] = 0
  expect(drawn(preprocess('scribble', red)).join('')).not.toContain('#')
})

test('invert turns light and dark round, and none leaves a picture as it is', () => {
  const row = grey([[0, 1, 128, 255]])
  expect([...preprocess('invert', row).data].filter((_, i) => i % 3 === 0)).toEqual([255, 254, 127, 0])
  expect(preprocess('none', row)).toEqual(row)
})

test.each(PREPROCESSORS)('%s keeps the size, of one pixel too, and the picture that it was given', (kind) => {
  for (const [width, height] of [
    [1, 1],
    [7, 2],
  ] as const) {
    const original = picture(width, height, (x, y) => 40 * x + y)
    const before = original.data.slice()
    const made = preprocess(kind, original)
    expect([made.widthPx, made.heightPx, made.data.length]).toEqual([width, height, 3 * width * height])
    expect(original.data).toEqual(before)
  }
})
