import { expect, test } from 'vitest'
import { isTemplate } from './template.ts'

test('a template is told from a prompt', () => {
  expect(['{a|b}', '__a__', 'a {b}'].map(isTemplate)).toEqual([true, true, true])
  expect(['a', '\\{a', 'a_b', '(a:1.2)'].map(isTemplate)).toEqual([false, false, false, false])
})
