import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { EventMessage } from '../../main/contract/calls.ts'
import { parameterTexts, readParameters } from '../../main/image/parameters.ts'
import { pictureTensor, writePicture } from '../../main/image/picture.ts'
import { tensor } from '../../main/tensor/tensor.ts'
import { openStudio } from '../compose.ts'
import { studioPaths } from '../paths.ts'
import { help } from './help.ts'

vi.setConfig({ testTimeout: 60_000 })

const starter = join(import.meta.dirname, '..', '..', 'resources', 'models', 'starter')
const quick = ['--steps', '2', '--size', '64x64']

let home: string
let folder: string

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'cli-home-'))
  folder = mkdtempSync(join(tmpdir(), 'cli-'))
})
afterEach(() => {
  for (const path of [home, folder]) rmSync(path, { recursive: true, force: true, maxRetries: 5 })
})

interface Outcome {
  code: number | null
  out: string
  err: string
}

function start(args: readonly string[]): { child: ChildProcess; outcome: Promise<Outcome> } {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], {
    cwd: folder,
    env: { ...process.env, LATENT_STUDIO_HOME: home },
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const outcome = once(child, 'close').then(([code]) => ({ code: code as number | null, out, err }))
  return { child, outcome }
}

function run(...args: string[]): Promise<Outcome> {
  return start(args).outcome
}

function events(out: string): Record<string, unknown>[] {
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

function galleryPictures(): string[] {
  const gallery = join(home, 'gallery')
  if (!existsSync(gallery)) return []
  return readdirSync(gallery, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.png'))
}

test('generate makes a picture, copies it to --out with its parameters, and keeps it in the gallery', async () => {
  const outcome = await run('generate', 'a red fox', '--seed', '7', ...quick, '--out', 'pictures/fox.png')
  expect(outcome).toEqual({ code: 0, out: `${join(folder, 'pictures', 'fox.png')}\n`, err: '' })
  const { studio } = await readParameters(join(folder, 'pictures', 'fox.png'))
  expect(studio?.request).toMatchObject({ prompt: 'a red fox', seed: 7, steps: 2, widthPx: 64, model: 'starter' })
  expect(galleryPictures()).toHaveLength(1)
})

test('several pictures have seeds that follow each other and numbered names', async () => {
  const { code, out } = await run(
    'generate',
    'a fox',
    '--seed',
    '7',
    '--count',
    '2',
    ...quick,
    '--out',
    'fox.png',
    '--json',
  )
  expect(code).toBe(0)
  const done = events(out).filter(({ event }) => event === 'done')
  expect(done.map(({ file }) => file)).toEqual([join(folder, 'fox-1.png'), join(folder, 'fox-2.png')])
  expect(done.map(({ request }) => (request as { seed: number }).seed)).toEqual([7, 8])
  expect(
    events(out).filter(({ event, stage, step }) => event === 'progress' && stage === 'denoising' && step === 2),
  ).toHaveLength(2)
})

test('--no-gallery leaves nothing but the file, and an input picture may be any file', async () => {
  await run('generate', 'a fox', ...quick, '--out', 'start.png', '--no-gallery')
  const args = ['--init', 'start.png', '--strength', '0.6', '--steps', '4', '--size', '64x64', '--no-gallery']
  expect(await run('generate', 'a snowy fox', ...args, '--out', 'end.png')).toMatchObject({ code: 0, err: '' })
  const { studio } = await readParameters(join(folder, 'end.png'))
  expect(studio?.request.init).toMatchObject({ strength: 0.6, fit: 'crop' })
  expect(galleryPictures()).toEqual([])
  expect(existsSync(join(home, 'studio.sqlite'))).toBe(false)
  expect(readdirSync(folder).sort()).toEqual(['end.png', 'start.png'])
})

test('an open window is told of the command line’s picture and shows it', async () => {
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const studio = await openStudio({ shell: 'browser', paths: studioPaths({ LATENT_STUDIO_HOME: home }), logger: quiet })
  try {
    const told = new Promise<EventMessage>((resolve) => {
      studio.subscribe((event) => {
        if (event.name === 'gallery.changed') resolve(event)
      })
    })
    const { code, out } = await run('generate', 'a fox', ...quick, '--json')
    expect(code).toBe(0)
    const id = String(events(out).at(-1)?.['id'])
    expect(await told).toMatchObject({ payload: { added: [id] } })
    expect((await studio.images(new Request(`http://127.0.0.1/image/${id}`)))?.status).toBe(200)
  } finally {
    await studio.close()
  }
})

test('--dynamic makes the choices anew for each picture and keeps the template; wildcards lie in the data folder', async () => {
  mkdirSync(join(home, 'wildcards'))
  writeFileSync(join(home, 'wildcards', 'animal.txt'), 'fox\n')
  const outs = ['--count', '2', '--out', 'fox.png', '--no-gallery', '--json']
  const { code, out } = await run('generate', '{red|blue} __animal__', '--dynamic', '--seed', '7', ...quick, ...outs)
  expect(code).toBe(0)
  const requests = events(out).flatMap(({ event, request }) =>
    event === 'done' ? [request as { prompt: string; template: { prompt: string } }] : [],
  )
  expect(requests.map(({ prompt }) => prompt)).toEqual([
    expect.stringMatching(/^(red|blue) fox$/),
    expect.stringMatching(/^(red|blue) fox$/),
  ])
  expect(requests.map(({ template }) => template.prompt)).toEqual(Array(2).fill('{red|blue} __animal__'))
})

test('options of the sampler make another picture, which says how it was made', async () => {
  const args = ['generate', 'a (red:1.4) fox', '--seed', '7', '--sampler', 'euler-ancestral', ...quick, '--no-gallery']
  const more = ['--eta', '0.5', '--levels-as', 'k-diffusion', '--noise', 'torch-cpu', '--prompt-style', 'a1111']
  expect(await run(...args, '--out', 'plain.png')).toMatchObject({ code: 0, err: '' })
  expect(await run(...args, ...more, '--out', 'other.png')).toMatchObject({ code: 0, err: '' })
  const { studio: plain } = await readParameters(join(folder, 'plain.png'))
  const { studio: other } = await readParameters(join(folder, 'other.png'))
  expect(other?.request).toMatchObject({ sampling: { eta: 0.5 }, noise: 'torch-cpu', promptStyle: 'a1111' })
  for (const layer of ['noise', 'schedule', 'lastStep', 'pixels'] as const) {
    expect(other?.origin.record?.layers[layer]).not.toBe(plain?.origin.record?.layers[layer])
  }
})

test.skipIf(process.platform === 'win32')('Ctrl+C cancels, says so, and leaves no picture', async () => {
  const { child, outcome } = start([
    'generate',
    'a fox',
    '--steps',
    '400',
    '--size',
    '64x64',
    '--out',
    'fox.png',
    '--json',
  ])
  // Twice at once, as when npm passes on what the terminal already sent.
  child.stdout?.on('data', (chunk: Buffer) => {
    if (chunk.includes('"denoising"')) child.kill('SIGINT')
  })
  const { code, out } = await outcome
  expect(code).toBe(130)
  expect(events(out).at(-1)).toMatchObject({ event: 'cancelled', failure: { code: 'cancelled' } })
  expect(existsSync(join(folder, 'fox.png'))).toBe(false)
  expect(galleryPictures()).toEqual([])
})

test.each([
  [[], 'Commands'],
  [['paint'], 'expected a command, found "paint"'],
  [['generate', 'a fox', '--steps', '0'], '--steps: expected at least 1, found 0'],
  [['models', 'all'], 'expected nothing after models, found "all"'],
  [['inspect'], 'expected a file or folder, found nothing'],
])('%j is a usage error: exit code 2', async (args, message) => {
  const { code, out, err } = await run(...args)
  expect(code).toBe(2)
  expect(out + err).toContain(message)
})

test.each([
  [['generate', 'a fox', '--model', 'gone'], 'model: expected one of starter, found "gone"'],
  [['generate', 'a fox', '--init', 'gone.jpg'], '--init: expected a picture at gone.jpg'],
  [['generate', 'a fox', '--lora', 'ink'], '--lora: expected one in a model folder, found "ink"'],
  [['generate', 'a fox', '--refiner', 'gone'], '--refiner: expected one of Starter, found "gone"'],
  [['generate', 'a __lost__', '--dynamic'], 'expected a wildcard file "lost" with lines in it'],
  [['inspect', 'nowhere'], 'nowhere'],
  [['png-info', 'nowhere.png'], 'nowhere.png'],
])('%j is a failure: exit code 1 and one sentence', async (args, message) => {
  const { code, out, err } = await run(...args)
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toContain(message)
  expect(err.trimEnd().split('\n')).toHaveLength(1)
})

test('models, inspect and png-info tell what there is, for people and as JSON', async () => {
  expect((await run('models')).out).toMatch(/^starter\n {2}Name +Starter/)
  expect(JSON.parse((await run('models', '--json')).out)).toMatchObject([{ id: 'starter', problem: null }])
  const inspected = await run('inspect', starter)
  expect(inspected).toMatchObject({ code: 0, err: '' })
  expect(inspected.out).toMatch(/Prediction +v\n[^]*U-Net[^]*It can run\.\n$/)
  expect(JSON.parse((await run('inspect', starter, '--json')).out)).toMatchObject({ predictionType: 'v', missing: [] })
  await run('generate', 'a fox', '--seed', '7', ...quick, '--out', 'fox.png', '--no-gallery')
  expect((await run('png-info', 'fox.png')).out).toContain('Seed: 7')
  expect(JSON.parse((await run('png-info', 'fox.png', '--json')).out)).toHaveProperty('parameters')
})

test('a model is taken from where it lies, and is no model of the library afterwards', async () => {
  const copy = join(folder, 'a model of mine')
  cpSync(starter, copy, { recursive: true })
  const { code, err } = await run('generate', 'an apple', '--model', copy, ...quick, '--out', 'apple.png')
  expect({ code, err }).toMatchObject({ code: 0 })
  expect((await readParameters(join(folder, 'apple.png'))).studio?.request.prompt).toBe('an apple')
  expect((await run('models')).out).not.toContain('a model of mine')
})

test('what lies at --model but is no model says what was expected', async () => {
  const { code, err } = await run('generate', 'an apple', '--model', folder, ...quick, '--out', 'apple.png')
  expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('expected a model') as string })
})

test('--version is the one of package.json', async () => {
  const manifest = readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')
  const { version } = JSON.parse(manifest) as { version: string }
  expect(await run('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' })
})

test.each(['generate', 'inspect', 'models', 'png-info'])('%s has its help, with every option', async (command) => {
  const { code, out } = await run(command, '--help')
  expect(code).toBe(0)
  expect(out).toBe(help(command))
  expect(out).toMatch(/--json +\w/)
})

test('verify makes a picture again: the same file, or where and by how much it differs', async () => {
  await run('generate', 'a red fox', '--seed', '7', ...quick, '--out', 'fox.png')
  const same = await run('verify', 'fox.png')
  expect(same).toMatchObject({ code: 0, err: '' })
  expect(same.out).toContain('The same file, byte for byte.')

  const file = join(folder, 'fox.png')
  const { studio, texts } = await readParameters(file)
  if (!studio?.origin.record) throw new Error('expected a record in the picture, found none')
  const { request, origin } = studio
  const record = { ...studio.origin.record, processor: 'another processor' }
  record.layers = { ...record.layers, firstStep: '0'.repeat(64), lastStep: '0'.repeat(64), pixels: '0'.repeat(64) }
  const pixels = await pictureTensor(file, { widthPx: 64, heightPx: 64, fit: 'stretch' })
  pixels.data[0] = 1
  await writePicture(pixels, file, { texts: { ...texts, ...parameterTexts(request, { ...origin, record }) } })
  const other = await run('verify', 'fox.png')
  expect(other.code).toBe(1)
  expect(other.out).toContain('The two part at the latent after the first step.')
  expect(other.out).toContain('Made with processor another processor, now ')
})

test('a picture that does not say how it was made cannot be verified', async () => {
  const file = join(folder, 'plain.png')
  await writePicture(tensor([1, 3, 8, 8]), file, { texts: {} })
  const { code, err } = await run('verify', file)
  expect(code).toBe(1)
  expect(err).toContain('expected a picture that says how this studio made it')
})
