import { expect, test } from 'vitest'
import { mirrorPieces } from './mirror-pieces.ts'
import { weightedStretches } from './weighted-stretches.ts'

const weighed = (text: string, style: Parameters<typeof weightedStretches>[1]) =>
  weightedStretches(text, style).map(({ start, end }) => text.slice(start, end))

test('words in brackets are weighed, in the brackets of their style', () => {
  const text = 'a (red (big:1.2) fox:1.1), [snow] and \\(text\\), (open'
  expect(weighed(text, 'a1111')).toEqual(['(red (big:1.2) fox:1.1)', '[snow]'])
  expect(weighed(text, 'comfyui')).toEqual(['(red (big:1.2) fox:1.1)'])
  expect(weighed(text, 'plain')).toEqual([])
  expect(weighed('(red)1.3 (fox) (snow)++', 'invokeai')).toEqual(['(red)1.3', '(snow)++'])
})

test('a prompt is cut where chunks begin and where weights begin and end, and nothing is lost', () => {
  const text = 'a (red fox:1.2) runs'
  const pieces = mirrorPieces(text, [0, 7], weightedStretches(text, 'a1111'))
  expect(pieces.map(({ text: piece, chunk, isWeighted }) => [piece, chunk, isWeighted])).toEqual([
    ['a ', 0, false],
    ['(red ', 0, true],
    ['fox:1.2)', 1, true],
    [' runs', 1, false],
  ])
})
