import { expect, test } from 'vitest'
import { mersenneTwister } from './mersenne-twister.ts'

test("gives the words of the authors' program and of the C++ standard", () => {
  const word = mersenneTwister(5489)
  const words = Array.from({ length: 10_000 }, word)
  expect(words.slice(0, 5)).toEqual([3499211612, 581869302, 3890346734, 3586334585, 545404204])
  expect(words.at(-1)).toBe(4123659995)
})

test('of a larger seed the low 32 bits count', () => {
  expect(mersenneTwister(2 ** 32 + 3)()).toBe(mersenneTwister(3)())
})
