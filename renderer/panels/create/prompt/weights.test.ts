import { expect, test } from 'vitest'
import type { PromptStyleId } from '../../../../main/contract/generation.ts'
import { reweighted } from './weights.ts'

/** The prompt after so many presses; | marks the ends of the selection, or the caret. */
function press(marked: string, style: PromptStyleId, presses: number): string | null {
  const start = marked.indexOf('|')
  const end = Math.max(start, marked.lastIndexOf('|') - 1)
  const next = reweighted({ text: marked.replaceAll('|', ''), start, end }, style, presses)
  return (
    next && `${next.text.slice(0, next.start)}|${next.text.slice(next.start, next.end)}|${next.text.slice(next.end)}`
  )
}

test.each([
  ['a |red fox| runs', 'a1111', 1, 'a (|red fox|:1.1) runs'],
  ['a (|red fox|:1.1) runs', 'a1111', 1, 'a (|red fox|:1.2) runs'],
  ['a (|red fox|:1.1) runs', 'a1111', -1, 'a |red fox| runs'],
  ['a |red fox| runs', 'a1111', -1, 'a (|red fox|:0.9) runs'],
  ['a |(red fox:1.3)| runs', 'a1111', 1, 'a (|red fox|:1.4) runs'],
  ['a (|red|) fox', 'a1111', 1, 'a (|red|:1.2) fox'],
  ['a | red |fox', 'a1111', 1, 'a  (|red|:1.1) fox'],
  ['a re|d fox', 'a1111', 2, 'a (|red|:1.2) fox'],
  ['a (re|d:1.2) fox', 'a1111', 1, 'a (|red|:1.3) fox'],
  ['|a (red:1.2) fox|', 'a1111', 1, '(|a (red:1.2) fox|:1.1)'],
  ['a |red| fox', 'comfyui', 1, 'a (|red|:1.05) fox'],
  ['a |red| fox', 'invokeai', 1, 'a (|red|)1.1 fox'],
  ['a (|red|)1.1 fox', 'invokeai', 1, 'a (|red|)1.2 fox'],
  ['a (|red|)++ fox', 'invokeai', -1, 'a (|red|)1.11 fox'],
  ['(|red|:0.1)', 'a1111', -3, '(|red|:0)'],
] as const)('%s in %s, pressed %i: %s', (marked, style, presses, expected) => {
  expect(press(marked, style, presses)).toBe(expected)
})

test('where a style has no weights, or nothing is there to weigh, nothing changes', () => {
  expect(press('a |red| fox', 'plain', 1)).toBeNull()
  expect(press('a , | , b', 'a1111', 1)).toBeNull()
  expect(press('a |red) fox|', 'a1111', 1)).toBeNull()
})
