import { expect, test } from 'vitest'
import { pictureFileNames, slug } from './file-name.ts'

test.each([
  ['a red fox in the snow', 'a-red-fox-in-the-snow'],
  ['(masterpiece:1.2), [fog], a <lora> "castle"', 'masterpiece-1-2-fog-a-lora-castle'],
  ['Ein Süßer BÄR', 'ein-süßer-bär'],
  ['雪の中の赤い狐', '雪の中の赤い狐'],
  ['कुत्ता दौड़ता है', 'कुत्ता-दौड़ता-है'.normalize('NFC')],
  ['e\u0301te\u0301', 'été'],
  ['🦊 fox 🦊', 'fox'],
  ['🦊', 'picture'],
  ['', 'picture'],
  ['../../etc/passwd', 'etc-passwd'],
  ['C:\\CON\\nul?*|"<>', 'c-con-nul'],
  ['tab\tand\nnewline\0', 'tab-and-newline'],
  [
    'a portrait of an old sailor with a very long beard looking out over the stormy sea',
    'a-portrait-of-an-old-sailor-with-a-very-long-beard-looking',
  ],
  ['x'.repeat(300), 'x'.repeat(60)],
])('the slug of %j is %j', (prompt, expected) => {
  expect(slug(prompt)).toBe(expected)
})

test('a name stays below what file systems take, in any script', () => {
  for (const prompt of ['狐'.repeat(500), '𠀋'.repeat(500), 'ä'.repeat(500), 'नमस्ते'.repeat(100)]) {
    const { value } = pictureFileNames(0, prompt, Number.MAX_SAFE_INTEGER).next()
    expect(Buffer.byteLength(value.split('/')[1] ?? '')).toBeLessThan(200)
    expect(value).not.toMatch(/\ufffd/)
  }
})

test('names carry month, day, words and seed, and count up when taken', () => {
  const names = pictureFileNames(new Date(2026, 10, 2, 23, 59).getTime(), 'a red fox', 7)
  expect(names.next().value).toBe('2026-11/2026-11-02 a-red-fox 7.png')
  expect(names.next().value).toBe('2026-11/2026-11-02 a-red-fox 7 (2).png')
  expect(names.next().value).toBe('2026-11/2026-11-02 a-red-fox 7 (3).png')
})
