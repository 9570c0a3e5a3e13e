import { expect, test } from 'vitest'
import { promptChunks } from './prompt-chunks.ts'

test('a prompt is cut where its chunks begin and loses nothing', () => {
  const text = 'a red fox in the snow'
  const chunks = promptChunks(text, [0, 10, 17])
  expect(chunks.map((chunk) => chunk.text)).toEqual(['a red fox ', 'in the ', 'snow'])
  expect(chunks.map((chunk) => chunk.text).join('')).toBe(text)
})

test('a count that is older than the text cuts no further than the text', () => {
  expect(promptChunks('a red', [0, 10])).toEqual([{ start: 0, text: 'a red' }])
  expect(promptChunks('', [])).toEqual([{ start: 0, text: '' }])
})
