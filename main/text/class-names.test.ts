import { expect, test } from 'vitest'
import { classesLike, classesNamed, parseClassNames } from './class-names.ts'

const NAMES = parseClassNames(
  "tabby, tabby cat\ncrane\nlynx, catamount\ncougar, catamount, mountain lion\ncrane\nlion, king of beasts, Panthera leo\ngar, lion\nyellow lady's slipper\n",
)

test.each([
  ['tabby cat', [0]],
  ['A Tabby-Cat', [0]],
  ['crane', [1, 4]],
  ['catamount', [2, 3]],
  ["the yellow lady's slipper", [7]],
  ['cat', []],
  ['', []],
])('%j names %j', (text, numbers) => {
  expect(classesNamed(text, NAMES)).toEqual(numbers)
})

test('a class whose own name it is comes before those that only go by it', () => {
  expect(classesNamed('lion', NAMES)).toEqual([5])
})

test('classes with the words in one of their names are near', () => {
  expect(classesLike('cat', NAMES, 5)).toEqual([0])
  expect(classesLike('lion', NAMES, 2)).toEqual([3, 5])
  expect(classesLike('lion beasts', NAMES, 5)).toEqual([])
})
