import { expect, test } from 'vitest'
import { picture } from '../fixtures/scripted-transport.ts'
import { mergeChanges } from './gallery-changes.ts'

const [a, b] = [picture(1).id, picture(2).id]
const nothing = { added: [], changed: [], removed: [] }

test.each([
  [
    'added and changed is added',
    [
      { ...nothing, added: [a] },
      { ...nothing, changed: [a] },
    ],
    { ...nothing, added: [a] },
  ],
  [
    'added and removed is gone',
    [
      { ...nothing, added: [a] },
      { ...nothing, removed: [a] },
    ],
    { ...nothing, removed: [a] },
  ],
  [
    'removed and restored is there',
    [
      { ...nothing, removed: [a] },
      { ...nothing, added: [a] },
    ],
    { ...nothing, added: [a] },
  ],
  [
    'what has nothing to do with each other stays in order',
    [
      { ...nothing, added: [b] },
      { ...nothing, added: [a] },
    ],
    { ...nothing, added: [b, a] },
  ],
])('%s', (_, changes, merged) => {
  expect(mergeChanges(changes)).toEqual(merged)
})
