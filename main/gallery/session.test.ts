import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openSession } from './session.ts'
import { ALL, pngOf, REQUEST, testGalleries } from './test-gallery.ts'

const testGallery = testGalleries(onTestFinished)

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sessions-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

// A process of its own that runs the script; it is killed when the test ends.
function child(script: string): ChildProcess & { stdout: NodeJS.ReadableStream } {
  const process_ = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void process_.kill('SIGKILL'))
  return process_
}

function moduleUrl(name: string): string {
  return JSON.stringify(new URL(name, import.meta.url).href)
}

test('a session is alive until it closes, for others too', () => {
  const folder = temporaryFolder()
  const [first, second] = [openSession(folder), openSession(folder)]
  expect([first.isAlive(second.id), second.isAlive(first.id), first.isAlive(first.id)]).toEqual([true, true, true])
  first.close()
  expect(second.isAlive(first.id)).toBe(false)
  expect(second.isAlive(randomUUID())).toBe(false)
  second.close()
  expect(readdirSync(folder)).toEqual([])
})

test('opening removes what dead sessions left, and no more', () => {
  const folder = temporaryFolder()
  const alive = openSession(folder)
  writeFileSync(join(folder, `${randomUUID()}.lock`), '')
  const opened = openSession(folder)
  expect(readdirSync(folder).sort()).toEqual([`${alive.id}.lock`, `${opened.id}.lock`].sort())
  alive.close()
  opened.close()
})

test('a killed process’s session is dead at once', async () => {
  const folder = temporaryFolder()
  const other = child(`
    import { openSession } from ${moduleUrl('./session.ts')}
    console.log(openSession(${JSON.stringify(folder)}).id)
    setInterval(() => {}, 1000)
  `)
  const [line] = (await once(other.stdout, 'data')) as [Buffer]
  const id = line.toString().trim()
  const session = openSession(folder)
  expect(session.isAlive(id)).toBe(true)
  other.kill('SIGKILL')
  await once(other, 'exit')
  expect(session.isAlive(id)).toBe(false)
  session.close()
})

test('two processes adopt into one gallery without losing or overwriting a picture', async () => {
  const world = await testGallery()
  const { galleryFolder, dataFolder } = world.options
  const bytes = join(world.root, 'picture.png')
  writeFileSync(bytes, pngOf(REQUEST))
  const other = child(`
    import { Gallery } from ${moduleUrl('./gallery.ts')}
    import { copyFileSync } from 'node:fs'
    const log = () => {}
    const never = () => Promise.reject(new Error('not asked for'))
    const gallery = await Gallery.open({
      galleryFolder: ${JSON.stringify(galleryFolder)}, dataFolder: ${JSON.stringify(dataFolder)},
      logger: { info: log, warn: log, error: console.error },
      readEmbedded: never, describe: never, makeThumbnail: never, discard: never,
    })
    console.log('ready')
    const origin = { modelName: '', family: '', predictionType: 'epsilon', appVersion: '', runtime: '' }
    for (let i = 0; i < 12; i++) {
      const folder = gallery.stagingFolder(crypto.randomUUID())
      copyFileSync(${JSON.stringify(bytes)}, folder + '/picture.png')
      const result = { pictureName: 'picture.png', thumbnailName: 'none', widthPx: 64, heightPx: 72, sizeBytes: 0, origin }
      gallery.adopt(result, folder, ${JSON.stringify(REQUEST)})
    }
    await gallery.close()
  `)
  await once(other.stdout, 'data')
  const today = new Date().toISOString().slice(0, 10)
  for (let i = 0; i < 12; i++) world.make({}, today)
  if (other.exitCode === null) await once(other, 'exit')
  expect(other.exitCode).toBe(0)
  const records = world.gallery.details(world.gallery.ids(ALL))
  expect(records).toHaveLength(24)
  const files = readdirSync(galleryFolder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /^\d.*png$/.test(name),
  )
  expect(files.map((name) => name.replaceAll('\\', '/')).sort()).toEqual(records.map(({ fileName }) => fileName).sort())
})

test('what a killed process had finished is taken in by the next, also from beside a living one', async () => {
  const world = await testGallery()
  const dead = join(world.options.galleryFolder, '.staging', randomUUID(), randomUUID())
  mkdirSync(dead, { recursive: true })
  writeFileSync(join(dead, 'picture.png'), pngOf(REQUEST))
  const second = await testGallery(world.options)
  expect(second.gallery.ids(ALL)).toHaveLength(1)
  expect(readdirSync(join(world.options.galleryFolder, '.staging'))).toEqual([])
})
