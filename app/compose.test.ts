import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  calls,
  events,
  type CallInput,
  type CallName,
  type CallOutput,
  type EventMessage,
} from '../main/contract/calls.ts'
import type { Failure } from '../main/contract/failure.ts'
import type { GenerationRequest } from '../main/contract/generation.ts'
import { InputImage } from '../main/contract/image.ts'
import type { Job } from '../main/contract/job.ts'
import { writeTensors } from '../main/checkpoint/test-models.ts'
import { openStudio, type RunningStudio } from './compose.ts'
import { studioPaths } from './paths.ts'
import { forkNode, type StudioChild } from './studio-child.ts'

// The whole studio over a temporary folder: real database, real studio process, the built-in model. A run takes a
// second on a quiet machine.
vi.setConfig({ testTimeout: 60_000 })

let home: string
let studio: RunningStudio
let child: StudioChild
let told: EventMessage[]
const log: string[] = []

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'studio-'))
  await open()
})
afterEach(async () => {
  await studio.close()
  rmSync(home, { recursive: true, force: true, maxRetries: 5 })
})

async function open(): Promise<void> {
  const write = (line: string): void => void log.push(line)
  told = []
  studio = await openStudio({
    shell: 'browser',
    paths: studioPaths({ LATENT_STUDIO_HOME: home }),
    logger: { info: write, warn: write, error: write },
    fork: (entry) => (child = forkNode(entry)),
  })
  studio.subscribe((event) => {
    // What crosses to a window is what the contract says.
    events[event.name].parse(event.payload)
    told.push(event)
  })
}

async function ask<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>> {
  const answer = await studio.answer(name, input)
  if ('failure' in answer) throw new Error(`${name}: ${answer.failure.message}`)
  return calls[name].output.parse(answer.ok) as CallOutput<N>
}

async function refusal(name: string, input: unknown): Promise<Failure> {
  const answer = await studio.answer(name, input)
  if ('ok' in answer) throw new Error(`expected ${name} to be refused`)
  return answer.failure
}

const request: GenerationRequest = {
  model: 'starter',
  prompt: 'a red circle',
  negativePrompt: '',
  seed: 7,
  steps: 2,
  guidanceScale: 4,
  widthPx: 64,
  heightPx: 64,
  sampler: 'euler',
  schedule: 'normal',
  init: null,
}

/** The job as soon as it is as wanted, now or after a change. */
async function waitFor(id: string, isEnough: (job: Job) => boolean): Promise<Job> {
  const { promise, resolve } = Promise.withResolvers<Job>()
  const look = (job: Job): void => {
    if (job.id === id && isEnough(job)) resolve(job)
  }
  const unsubscribe = studio.subscribe((event) => {
    if (event.name === 'job.changed') look(event.payload)
  })
  for (const job of await ask('queue.list', undefined)) look(job)
  return promise.finally(unsubscribe)
}

const hasEnded = (job: Job): boolean => ['done', 'failed', 'cancelled'].includes(job.state)
const isDenoising = (job: Job): boolean => job.progress?.stage === 'denoising' && job.progress.step > 0

async function enqueue(change: Partial<GenerationRequest> = {}): Promise<string> {
  const [id] = await ask('queue.enqueue', { request: { ...request, ...change }, count: 1 })
  if (id === undefined) throw new Error('expected a job')
  return id
}

async function make(change: Partial<GenerationRequest> = {}): Promise<Job> {
  const id = await enqueue(change)
  return await waitFor(id, hasEnded)
}

async function pixels(path: string): Promise<Response> {
  const response = await studio.images(new Request(`http://127.0.0.1${path}`))
  if (!response) throw new Error(`expected an answer to ${path}`)
  return response
}

test('a request becomes a picture in the gallery, told step by step', async () => {
  const job = await make()
  expect(job).toMatchObject({ state: 'done', failure: null })
  const [record] = await ask('gallery.details', [job.imageId ?? ''])
  expect(record?.request).toEqual(request)
  expect((await pixels(`/image/${job.imageId ?? ''}`)).headers.get('Content-Type')).toBe('image/png')
  expect((await pixels(`/image/${job.imageId ?? ''}?size=thumb`)).headers.get('Content-Type')).toBe('image/webp')
  expect(await ask('gallery.parameters', job.imageId ?? '')).toContain('Seed: 7')
  const names = new Set(told.map(({ name }) => name))
  expect([...names]).toEqual(expect.arrayContaining(['job.changed', 'job.preview', 'gallery.changed']))
  expect(told.some((event) => event.name === 'job.changed' && isDenoising(event.payload))).toBe(true)
  expect((await ask('studio.info', undefined)).runtime).toMatch(/^onnxruntime-node \d/)
})

test('the window sees what a control would be shown of a picture', async () => {
  const job = await make()
  const { id } = await ask('gallery.useAsInput', job.imageId ?? '')
  const look = { image: id, fit: 'crop', widthPx: 1024, heightPx: 512 } as const
  const previews = [
    await ask('controls.preview', { ...look, preprocessor: 'none' }),
    await ask('controls.preview', { ...look, preprocessor: 'canny' }),
  ]
  for (const preview of previews) expect(preview).toMatch(/^data:image\/png;base64,/)
  expect(new Set(previews).size).toBe(2)
  const unknown = { ...look, image: '0'.repeat(64), preprocessor: 'none' } as const
  await expect(ask('controls.preview', unknown)).rejects.toThrow(/expected an input picture with the id 0+, found none/)
})

test('the same request makes the same pixels again', async () => {
  const [first, second] = [await make(), await make()]
  const bytes = async (job: Job): Promise<Buffer> =>
    Buffer.from(await (await pixels(`/image/${job.imageId ?? ''}`)).arrayBuffer())
  const data = (png: Buffer): Buffer => png.subarray(png.indexOf('IDAT'))
  expect(data(await bytes(first))).toEqual(data(await bytes(second)))
})

test('a picture given as input is where an image-to-image run starts', async () => {
  const { imageId } = await make()
  const bytes = await (await pixels(`/image/${imageId ?? ''}`)).arrayBuffer()
  const posted = await studio.images(new Request('http://127.0.0.1/input', { method: 'POST', body: bytes }))
  const input = InputImage.parse(await posted?.json())
  expect(input).toMatchObject({ widthPx: 64, heightPx: 64 })
  expect(await ask('gallery.useAsInput', imageId ?? '')).toEqual(input)
  const job = await make({ init: { id: input.id, strength: 0.5, fit: 'crop' }, steps: 4 })
  expect(job.state).toBe('done')
  expect((await pixels(`/input/${input.id}`)).status).toBe(200)
})

test('what is no picture is refused as input with a sentence', async () => {
  const posted = await studio.images(new Request('http://127.0.0.1/input', { method: 'POST', body: 'not a picture' }))
  expect(posted?.status).toBe(400)
  expect(await posted?.json()).toMatchObject({ code: 'invalid-request' })
})

test('a studio process killed mid-run fails that job with the reason, and the next job is done', async () => {
  const id = await enqueue({ steps: 200 })
  const failed = waitFor(id, hasEnded)
  await waitFor(id, isDenoising)
  child.kill()
  expect(await failed).toMatchObject({ state: 'failed', failure: { code: 'runtime-crashed' } })
  expect((await make()).state).toBe('done')
})

test('a cancelled job stops, leaves nothing in the gallery and lets the next one run', async () => {
  const id = await enqueue({ steps: 200 })
  const ended = waitFor(id, hasEnded)
  await waitFor(id, isDenoising)
  await ask('queue.cancel', id)
  expect(await ended).toMatchObject({ state: 'cancelled', imageId: null })
  expect(await ask('gallery.ids', { text: '', starredOnly: false, order: 'newest' })).toEqual([])
  expect((await make()).state).toBe('done')
})

test('a job under way when the studio closes is made after it opens again', async () => {
  const id = await enqueue({ steps: 60 })
  await waitFor(id, isDenoising)
  await studio.close()
  await open()
  const [job] = await ask('queue.list', undefined)
  expect(job?.id).toBe(id)
  expect(await waitFor(id, hasEnded)).toMatchObject({ state: 'done' })
})

test.each([
  [
    { model: 'gone' },
    { code: 'model-missing', field: 'request.model', message: 'model: expected one of starter, found "gone"' },
  ],
  [{ steps: 0 }, { code: 'invalid-request', field: 'request.steps', message: 'steps: expected at least 1, found 0' }],
  [{ init: { id: '0'.repeat(64), strength: 0.5, fit: 'crop' as const } }, { code: 'not-found', field: 'request.init' }],
])('a request with %j is refused with the field at fault', async (change, failure) => {
  expect(await refusal('queue.enqueue', { request: { ...request, ...change }, count: 1 })).toMatchObject(failure)
  expect(await ask('queue.list', undefined)).toEqual([])
})

test('a call the contract does not have is refused', async () => {
  expect(await refusal('studio.format', undefined)).toMatchObject({ code: 'not-found' })
  expect(await refusal('toString', undefined)).toMatchObject({ code: 'not-found' })
})

test('memory is planned for a size, as the settings have it', async () => {
  await ask('settings.change', { memoryUse: 'small' })
  const peak = async (sidePx: number) => {
    const size = { widthPx: sidePx, heightPx: sidePx }
    const plan = await ask('models.plan', { model: 'starter', ...size, guidanceScale: 4, hasInput: false })
    expect(plan.use).toBe('small')
    return plan.peakBytes
  }
  expect(await peak(256)).toBeGreaterThan(await peak(128))
})

test('tokens are counted as the model will cut them', async () => {
  const count = await ask('models.countTokens', { model: 'starter', text: 'a red circle' })
  expect(count.tokens).toBe(4)
  expect(count.chunkStarts).toEqual([0])
  const long = await ask('models.countTokens', { model: 'starter', text: 'a red circle '.repeat(40) })
  expect(long.tokens).toBe(160)
  expect(long.chunkStarts.length).toBeGreaterThan(1)
})

test('the parts of a folder are told and listed, with their pictures, before anyone asks again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'models-'))
  await writeTensors(
    join(folder, 'ink.safetensors'),
    new Map([['emb_params', { dtype: 'F16', shape: [1, 768], bytes: new Uint8Array(2 * 768) }]]),
  )
  copyFileSync(join(studioPaths().resources, 'icons', 'icon.png'), join(folder, 'ink.png'))
  await ask('models.addFolder', folder)
  const [ink, ...others] = await ask('parts.list', undefined)
  expect(ink).toMatchObject({ name: 'ink', kind: 'embedding', families: ['sd1'], hasThumbnail: true })
  expect(others).toEqual([])
  expect(told).toContainEqual({ name: 'parts.changed', payload: [ink] })
  expect(await ask('models.state', undefined)).toMatchObject({ isScanning: false, digestible: 1 })
  const thumbnail = await studio.images(new Request(`http://127.0.0.1/model-thumbnail/${ink?.id ?? ''}`))
  expect(thumbnail?.headers.get('Content-Type')).toBe('image/webp')
  const builtIn = await studio.images(new Request('http://127.0.0.1/model-thumbnail/starter'))
  expect(builtIn?.headers.get('Content-Type')).toBe('image/webp')
  const unknown = await studio.images(new Request('http://127.0.0.1/model-thumbnail/unknown'))
  expect(unknown?.status).toBe(404)
  rmSync(folder, { recursive: true })
})

test('a model folder is remembered, and its broken model says what is wrong', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'models-'))
  writeFileSync(join(folder, 'cut-off.safetensors'), Buffer.from('ffffffffffffff7f7b7d', 'hex'))
  const models = await ask('models.addFolder', folder)
  const broken = models.find(({ path }) => path.startsWith(folder))
  expect(broken?.problem).toMatch(/expected .*found/)
  expect(await refusal('queue.enqueue', { request: { ...request, model: broken?.id ?? '' }, count: 1 })).toMatchObject({
    code: 'model-missing',
  })
  expect((await ask('settings.get', undefined)).modelFolders).toEqual([folder])
  await studio.close()
  await open()
  expect((await ask('models.list', undefined)).map(({ path }) => path)).toContain(broken?.path)
  await ask('settings.change', { modelFolders: [] })
  expect((await ask('models.list', undefined)).map(({ id }) => id)).toEqual(['starter'])
  expect(await refusal('models.addFolder', join(folder, 'nowhere'))).toMatchObject({ code: 'not-found' })
  rmSync(folder, { recursive: true })
})

test('a trashed picture is gone from the gallery until it is restored', async () => {
  const all = { text: '', starredOnly: false, order: 'newest' } as const
  const { imageId } = await make()
  const id = imageId ?? ''
  await ask('gallery.trash', [id])
  expect(await ask('gallery.ids', all)).toEqual([])
  await ask('gallery.restore', [id])
  expect(await ask('gallery.ids', all)).toEqual([id])
  expect(readdirSync(join(home, 'gallery')).some((name) => /^\d{4}-\d{2}$/.test(name))).toBe(true)
})
