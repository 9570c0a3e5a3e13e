import { expect, test } from 'vitest'
import { completionsAt, loraCompletionsAt, wildcardCompletionsAt } from './completions.ts'
import { STARTER_WORDS } from './starter-words.ts'

const WORDS = ['fox', 'forest', 'house', 'house with garden', 'on the beach', 'on the grass', 'theatre']

/** A prompt with the caret where the bar is. */
function complete(marked: string, words: readonly string[] = WORDS) {
  const caret = marked.indexOf('|')
  return completionsAt(marked.replace('|', ''), caret, words)
}

test.each([
  ['a fo|', 2, ['fox', 'forest']],
  ['a FO|', 2, ['fox', 'forest']],
  ['a fox, a hou|', 9, ['house', 'house with garden']],
  ['a house on the|', 8, ['on the beach', 'on the grass']],
  ['a house|', 2, ['house with garden']],
  ['a fox, on the b|, sunset', 7, ['on the beach']],
])('%s goes on from character %i with %j', (marked, start, list) => {
  expect(complete(marked)).toEqual({ start, list })
})

test.each([['a f|'], ['a fo|x'], ['a xylophone|'], ['|'], ['fo, |']])('%s has nothing to go on with', (marked) => {
  expect(complete(marked).list).toEqual([])
})

test('the built-in model’s commonest words come first, and each once', () => {
  expect(complete('a ca|', STARTER_WORDS).list.slice(0, 2)).toEqual(['cat', 'cactus'])
  expect(new Set(STARTER_WORDS).size).toBe(STARTER_WORDS.length)
})

test('after <lora: the LoRAs are offered as whole tags, in any case of their names', () => {
  const names = ['Ink wash', 'inkblot', 'Paper']
  expect(loraCompletionsAt('a fox, <lora:in', 15, names)).toEqual({
    start: 7,
    list: ['<lora:Ink wash:1>', '<lora:inkblot:1>'],
  })
  expect(loraCompletionsAt('a fox, <lora:ink:0.5', 20, names).list).toEqual([])
})

test('a name with capitals is found by small letters', () => {
  expect(completionsAt('by easyn', 8, ['EasyNegative']).list).toEqual(['EasyNegative'])
})

test('wildcards go on from an opening __, by their name or their folder’s; after the closing one there are none', () => {
  const names = ['animals/wild', 'colours', 'places']
  const offered = (text: string) => wildcardCompletionsAt(text, text.length, names).list
  expect(offered('a __')).toEqual(['__animals/wild__', '__colours__', '__places__'])
  expect(offered('a __wi')).toEqual(['__animals/wild__'])
  expect(offered('a __co')).toEqual(['__colours__'])
  expect(offered('a __places__ in __co')).toEqual(['__colours__'])
  expect(offered('a __colours__')).toEqual([])
  expect(offered('a colours')).toEqual([])
})
