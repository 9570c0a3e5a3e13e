import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { notices, noticesFile, shippedComponents } from './notices.ts'

/** Terms that ask for no more than a notice. */
const PERMISSIVE = new Set([
  'MIT',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'CC0-1.0',
  '(MIT OR CC0-1.0)',
])

test('every package in the product has a permissive licence, libvips as a replaceable library apart', () => {
  const others = shippedComponents().filter(({ license }) => !PERMISSIVE.has(license))
  for (const { name, license } of others) {
    expect(name).toMatch(/^@img\/sharp-/)
    expect(license).toMatch(/^(Apache-2\.0 AND )?LGPL-3\.0-or-later( AND MIT)?$/)
  }
})

test('the notices name what the product contains now; `npm run notices` writes them', () => {
  expect(readFileSync(noticesFile, 'utf8')).toBe(notices())
})

test('packages bundled into the window are named with what they bring', () => {
  const names = shippedComponents().map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['svelte', 'bits-ui', '@lucide/svelte', 'electron', 'sharp']))
  expect(names).not.toContain('vitest')
})
