import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { testModels } from '../checkpoint/test-models.ts'
import { plainText } from './plain-text.ts'
import { embeddedPicture, readSidecars } from './sidecars.ts'
import { sidecarOf } from './sidecar-names.ts'

const { temporaryFolder } = testModels(onTestFinished)

async function told(files: Record<string, unknown>, metadata: Record<string, string> = {}) {
  const folder = await temporaryFolder()
  const sidecars = []
  for (const [name, value] of Object.entries(files)) {
    const path = join(folder, name)
    await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value))
    const found = sidecarOf(name)
    if (found) sidecars.push({ role: found.role, path })
  }
  return readSidecars({ sidecars }, metadata)
}

describe('the files beside a model', () => {
  it('A1111’s notes', async () => {
    const notes = { 'activation text': 'inkwash, b&w', 'preferred weight': 0.8, description: 'Ink', notes: 'mine' }
    expect(await told({ 'a.json': notes })).toMatchObject({
      triggerWords: ['inkwash, b&w'],
      preferredWeight: 0.8,
      description: 'Ink',
    })
  })

  it('what Civitai says', async () => {
    const info = {
      trainedWords: ['inkwash', 'inkwash', ' fox '],
      description: null,
      model: { description: '<p>Ink</p>' },
    }
    expect(await told({ 'a.civitai.info': info })).toMatchObject({
      triggerWords: ['inkwash', 'fox'],
      description: 'Ink',
    })
  })

  it('what Stability Matrix keeps', async () => {
    const info = { TrainedWords: ['inkwash'], ModelDescription: 'Ink', VersionDescription: 'Second' }
    expect(await told({ 'a.cm-info.json': info })).toMatchObject({ triggerWords: ['inkwash'], description: 'Ink' })
  })

  it('the owner’s word comes first, the file’s own metadata last', async () => {
    const files = {
      'a.json': { 'activation text': 'mine' },
      'a.civitai.info': { trainedWords: ['theirs'], description: 'D' },
    }
    const metadata = { 'modelspec.trigger_phrase': 'own', 'modelspec.description': 'Own' }
    expect(await told(files, metadata)).toMatchObject({ triggerWords: ['mine'], description: 'D' })
    expect(await told({}, metadata)).toMatchObject({ triggerWords: ['own'], description: 'Own' })
  })

  it.each([
    ['no JSON', '{'],
    ['another value', '[1, 2]'],
    ['fields of other types', { 'activation text': 7, 'preferred weight': 'much', description: {} }],
    ['a weight beyond reason', { 'preferred weight': 900 }],
    ['nothing chosen', { 'activation text': '', 'preferred weight': 0, description: ' ' }],
  ])('%s says nothing', async (_what, value) => {
    const nothing = { triggerWords: [], description: null, preferredWeight: null, thumbnail: null }
    expect(await told({ 'a.json': value })).toEqual(nothing)
  })

  it('a picture, or one in the metadata', async () => {
    const metadata = { 'modelspec.thumbnail': `data:image/jpeg;base64,${Buffer.from('pixels').toString('base64')}` }
    expect((await told({ 'a.preview.png': '' })).thumbnail).toEqual({
      path: expect.stringMatching(/a\.preview\.png$/) as string,
    })
    expect((await told({}, metadata)).thumbnail).toBe('embedded')
    expect(Buffer.from(embeddedPicture(metadata) ?? []).toString()).toBe('pixels')
    expect(embeddedPicture({ 'modelspec.thumbnail': 'data:image/svg+xml;base64,AAAA' })).toBeNull()
  })
})

it.skipIf(process.platform === 'win32')('a pipe beside a model says nothing, and is not waited for', async () => {
  const path = join(await temporaryFolder(), 'a.json')
  execFileSync('mkfifo', [path])
  expect((await readSidecars({ sidecars: [{ role: 'notes', path }] }, {})).description).toBeNull()
})

describe('HTML as plain text', () => {
  it.each([
    ['<p>One</p><p>Two &amp; three<br/>four</p>', 'One\nTwo & three\nfour'],
    ['a <script>alert(1)</script><style>p{}</style>b', 'a b'],
    ['<img src=x onerror=alert(1)>text', 'text'],
    ['<script>never closed', ''],
    ['1 < 2 and 3 > 2', '1 < 2 and 3 > 2'],
    ['&lt;b&gt;shown as written&lt;/b&gt;', '<b>shown as written</b>'],
    ['left\u202Eright\u0000', 'leftright'],
    ['a\n\n\n\n\nb', 'a\n\nb'],
  ])('%j is %j', (html, text) => {
    expect(plainText(html, 100)).toBe(text)
  })

  it('is cut with a mark', () => {
    expect(plainText('abcdefghij', 5)).toBe('abcd…')
  })
})
