import { expect, test } from 'vitest'
import { philox } from './philox.ts'
import type { Words2, Words4 } from './philox.ts'

const hex = (words: readonly number[]) => words.map((word) => word.toString(16).padStart(8, '0')).join(' ')

// The known answers published with the authors' Random123 library for philox4x32-10.
test.each<[Words4, Words2, string]>([
  [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
  [[0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], '408f276d 41c83b0e a20bc7c6 6d5451fd'],
  [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], 'd16cfe09 94fdcceb 5001e420 24126ea1'],
])('gives the published words for counter %j', (counter, key, expected) => {
  expect(hex(philox(counter, key))).toBe(expected)
})
