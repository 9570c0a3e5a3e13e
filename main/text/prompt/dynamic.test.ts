import { expect, test } from 'vitest'
import { expanded } from './dynamic.ts'

const files: Record<string, string[]> = {
  colour: ['red', 'green', 'blue'],
  'animals/cat': ['a {black|white} cat'],
  circle: ['__circle__'],
}
const wildcards = (name: string) => files[name] ?? []
const make = (template: string, seed = 1) => expanded(template, seed, wildcards)
/** What the template becomes over many seeds, with how often. */
function spread(template: string, seeds = 600): Map<string, number> {
  const found = new Map<string, number>()
  for (let seed = 0; seed < seeds; seed++) {
    const text = make(template, seed)
    found.set(text, (found.get(text) ?? 0) + 1)
  }
  return found
}

test('a seed makes the same choices again', () => {
  const template = '{a|b|c} {d|e|f} __colour__'
  expect(make(template, 5)).toBe(make(template, 5))
  expect(spread(template).size).toBe(27)
})

test('options are equally likely, or by their weights', () => {
  for (const count of spread('{a|b|c}').values()) expect(Math.abs(count - 200)).toBeLessThan(50)
  expect(Math.abs((spread('{3::a|1::b}').get('a') ?? 0) - 450)).toBeLessThan(50)
})

test('several are picked without repeats, joined by a comma or as told', () => {
  expect([...spread('{2$$a|b}').keys()].sort()).toEqual(['a, b', 'b, a'])
  expect([...spread('{2$$ and $$a|b}').keys()].sort()).toEqual(['a and b', 'b and a'])
  expect(new Set([...spread('{1-2$$a|b|c}').keys()].map((text) => text.length))).toEqual(new Set([1, 4]))
  expect([...spread('{9$$a|b}').keys()].every((text) => text.length === 4)).toBe(true)
  const pairs = [...spread('{2$$__colour__}').keys()].map((text) => text.split(', '))
  expect(pairs.every(([first, second]) => first !== second)).toBe(true)
})

test('choices nest, in wildcards too', () => {
  expect([...spread('{a {b|c}|d}').keys()].sort()).toEqual(['a b', 'a c', 'd'])
  expect([...spread('__animals/cat__!').keys()].sort()).toEqual(['a black cat!', 'a white cat!'])
})

test.each(['no choices', 'a {b', 'b} c|d', 'snake_case __', 'a (b:1.2) [c:d:3]'])('%j stays as it is', (text) => {
  expect(make(text)).toBe(text)
})

test('a backslash makes a sign text', () => {
  expect(make('\\{a\\|b\\}')).toBe('{a|b}')
})

test('a wildcard that is not there, or names itself, is refused by name', () => {
  expect(() => make('__lost__')).toThrow('expected a wildcard file "lost" with lines in it, found none')
  expect(() => make('__circle__')).toThrow('found a circle')
})
