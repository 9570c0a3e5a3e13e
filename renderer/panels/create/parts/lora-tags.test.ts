import { expect, test } from 'vitest'
import { part } from '../../../fixtures/scripted-transport.ts'
import { findLora, loraTags, tagUse, withoutTag } from './lora-tags.ts'

test.each([
  ['<lora:ink>', { id: 'x', weight: 1 }],
  ['<lora:ink:0.8>', { id: 'x', weight: 0.8 }],
  ['<LyCO:ink:-1>', { id: 'x', weight: -1 }],
  ['<lora:ink:0.5:0.9>', { id: 'x', weight: 0.9, textWeight: 0.5 }],
])('%s calls a LoRA with its weights', (text, use) => {
  const [tag] = loraTags(`a fox ${text}`)
  expect(tag && tagUse('x', tag)).toEqual(use)
})

test('what is no whole tag calls nothing', () => {
  expect(loraTags('<lora:ink, <lora:> <hypernet:ink:1> lora:ink:1')).toEqual([])
})

test.each([
  ['a fox, <lora:ink:1>, in snow', 'a fox, in snow'],
  ['<lora:ink:1>, a fox', 'a fox'],
  ['a fox, <lora:ink:1>', 'a fox'],
  ['a fox <lora:ink:1> in snow', 'a fox in snow'],
  ['a fox<lora:ink:1>', 'a fox'],
  ['<lora:ink:1>', ''],
])('%s leaves %s', (prompt, left) => {
  const [tag] = loraTags(prompt)
  expect(tag && withoutTag(prompt, tag)).toBe(left)
})

test('a LoRA is found by its name or its file’s, in any case', () => {
  const loras = [part({ id: '1', name: 'Ink wash', path: '/models/Lora/inkwash_v2.safetensors' })]
  expect(findLora(loras, 'ink WASH')?.id).toBe('1')
  expect(findLora(loras, 'inkwash_v2')?.id).toBe('1')
  expect(findLora(loras, 'inkwash')).toBeUndefined()
})
