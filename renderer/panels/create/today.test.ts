import { expect, test } from 'vitest'
import { picture } from '../../fixtures/scripted-transport.ts'
import { leadingToday } from './today.ts'

const noon = new Date(2026, 10, 22, 12).getTime()
const HOUR_MS = 3_600_000

const records = new Map([1, 5, 11, 13, 40].map((hours, number) => [picture(number).id, noon - hours * HOUR_MS]))
const ids = [...records.keys()]
const record = (id: string) => picture(0, { createdAt: records.get(id) ?? 0 })

test('pictures since midnight are today’s', () => {
  expect(leadingToday(ids, record, noon)).toEqual({ count: 3, isKnown: true })
})

test('a record that is not here yet leaves the count open', () => {
  const known = new Set(ids.slice(0, 2))
  const partial = (id: string) => (known.has(id) ? record(id) : undefined)
  expect(leadingToday(ids, partial, noon)).toEqual({ count: 2, isKnown: false })
})
