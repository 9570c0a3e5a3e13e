import type { Database } from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { connect } from './database.ts'
import { insertPicture, pictureIds } from './pictures.ts'
import { newPicture } from './place.ts'
import { searchQuery, searchWords } from './search.ts'
import { ALL, linesLogger, ORIGIN, REQUEST, testGalleries } from './test-gallery.ts'

const testGallery = testGalleries(onTestFinished)

test.each([
  ['A Red-Fox, in the SNOW!', 'a red fox in the snow'],
  ['Crème brûlée über Ὀδυσσεύς', 'creme brulee uber οδυσσευς'],
  ['ﬁne ＦＯＸ ½', 'fine fox 1 2'],
  ['й ё', 'й ё'],
  ['कुत्ता', 'कुत्ता'],
  ['雪の狐 fox', '雪 の 狐 fox'],
  ['붉은 여우', '붉은 여우'],
  ['🦊🏽 in ❄️ 🇫🇮', '🦊 in ❄ 🇫 🇮'],
  ['(fox:1.2) <lora:x_y>', 'fox 1 2 lora x y'],
  ['\0 \ud800 "', ''],
])('the words of %j are %j', (text, words) => {
  expect(searchWords(text)).toBe(words)
})

const PROMPTS = {
  fox: 'a red fox in the snow, ice-cold morning',
  foxes: 'two foxes, café terrace',
  ice: 'cold tea with ice',
  japanese: '雪の中の赤い狐',
  emoji: 'portrait of 🦊 and 🐶',
  cyrillic: 'Красная лиса на снегу',
  quoted: 'a sign that says "NEAR AND" OR* NOT (prompt)',
} as const

test.each<[string, (keyof typeof PROMPTS)[]]>([
  ['', ['fox', 'foxes', 'ice', 'japanese', 'emoji', 'cyrillic', 'quoted']],
  ['fox', ['fox', 'foxes']],
  ['FOX sno', ['fox']],
  ['sno fox', ['fox']],
  ['ox', []],
  ['ice', ['fox', 'ice']],
  ['ice-c', ['fox']],
  ['cafe', ['foxes']],
  ['CAFÉ', ['foxes']],
  ['狐', ['japanese']],
  ['赤い', ['japanese']],
  ['い赤', []],
  ['🦊', ['emoji']],
  ['ЛИСА', ['cyrillic']],
  ['says "near', ['quoted']],
  ['blurry', []],
  ['negative:blur', ['fox', 'foxes', 'ice', 'japanese', 'emoji', 'cyrillic', 'quoted']],
  ['fox negative:blur', ['fox', 'foxes']],
  ['fox negative:fox', []],
  ['negative:', []],
])('searching %j finds %j', (text, expected) => {
  const database = databaseOf(PROMPTS)
  const read = database.prepare<[string], string>('SELECT file_name FROM pictures WHERE id = ?').pluck()
  const found = pictureIds(database, { ...ALL, text, order: 'oldest' })
  expect(found.map((id) => read.get(id))).toEqual(expected)
})

// Pictures of the prompts, each with its key for a file name.
function databaseOf(prompts: Readonly<Record<string, string>>): Database {
  const { database } = connect(':memory:', linesLogger([]))
  onTestFinished(() => {
    database.close()
  })
  for (const [name, prompt] of Object.entries(prompts)) {
    const facts = {
      createdAt: 0,
      widthPx: 64,
      heightPx: 72,
      sizeBytes: 1,
      request: { ...REQUEST, prompt },
      origin: ORIGIN,
      durationMs: 1234,
    }
    insertPicture(database, newPicture(facts, name, null))
  }
  return database
}

test('nothing that can be typed is an error', async () => {
  const { gallery, make } = await testGallery()
  const { id } = make({ prompt: 'fox' })
  const typed = [
    '"',
    '""',
    "'",
    '*',
    'fox*',
    '^fox',
    'fox"',
    '"fox',
    '(fox',
    'fox)',
    'AND',
    'OR',
    'NOT fox',
    'NEAR(fox',
    'prompt:fox',
    '{prompt}: fox',
    '-fox',
    'fox + ',
    'a:b:c',
    ';--',
    '\\',
    '%',
    '\0',
    '\ud800',
    '\u202e',
    'negative:"',
    'negative:negative:',
  ]
  for (const text of typed) expect(gallery.ids({ ...ALL, text })).toBeInstanceOf(Array)
  expect(gallery.ids({ ...ALL, text: '"fox' })).toEqual([id])
  expect(gallery.ids({ ...ALL, text: '(' })).toEqual([id])
})

test('a search of a thousand characters of words is answered', async () => {
  const { gallery, make } = await testGallery()
  const words = Array.from({ length: 250 }, (_, i) => `w${i}`)
    .join(' ')
    .slice(0, 1000)
  const { id } = make({ prompt: words })
  expect(gallery.ids({ ...ALL, text: words })).toEqual([id])
  expect(gallery.ids({ ...ALL, text: '狐'.repeat(1000) })).toEqual([])
})

test('only what is shown is found', async () => {
  const { gallery, make } = await testGallery()
  const [starred, trashed] = [make(), make(), make()]
  gallery.star([starred.id], true)
  await gallery.trash([trashed.id])
  expect(gallery.ids({ ...ALL, text: 'fox' })).toHaveLength(2)
  expect(gallery.ids({ text: 'fox', starredOnly: true, order: 'newest' })).toEqual([starred.id])
})

test('words, not columns, are quoted', () => {
  expect(searchQuery('fox "snow negative:blur')).toBe(
    'prompt : "fox"* AND prompt : "snow"* AND negative_prompt : "blur"*',
  )
  expect(searchQuery(' \t ')).toBeNull()
})
