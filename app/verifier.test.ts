import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { calls, type CallInput, type CallName, type CallOutput } from '../main/contract/calls.ts'
import type { Failure } from '../main/contract/failure.ts'
import type { ImageId } from '../main/contract/image.ts'
import { openStudio, type RunningStudio } from './compose.ts'
import { studioPaths } from './paths.ts'

// A real studio over a temporary folder with the built-in model.
vi.setConfig({ testTimeout: 60_000 })

let home: string
let studio: RunningStudio
const running = new Set<string>()
let made: PromiseWithResolvers<ImageId>

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'verifier-'))
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }
  studio = await openStudio({ shell: 'browser', paths: studioPaths({ LATENT_STUDIO_HOME: home }), logger: quiet })
  made = Promise.withResolvers()
  studio.subscribe((event) => {
    if (event.name !== 'job.changed') return
    const { id, state, imageId } = event.payload
    if (state === 'running') running.add(id)
    if (imageId !== null) made.resolve(imageId)
  })
})
afterEach(async () => {
  await studio.close()
  rmSync(home, { recursive: true, force: true, maxRetries: 5 })
})

async function ask<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>> {
  const answer = await studio.answer(name, input)
  if ('failure' in answer) throw new Error(`${name}: ${answer.failure.message}`)
  return calls[name].output.parse(answer.ok) as CallOutput<N>
}

async function refusal(name: CallName, input: unknown): Promise<Failure> {
  const answer = await studio.answer(name, input)
  if ('ok' in answer) throw new Error(`expected ${name} to be refused`)
  return answer.failure
}

function enqueue(steps: number): Promise<string[]> {
  const size = { widthPx: 64, heightPx: 64, seed: 7, guidanceScale: 4 }
  const words = { prompt: 'a red circle', negativePrompt: '', sampler: 'euler', schedule: 'normal' } as const
  return ask('queue.enqueue', { request: { model: 'starter', ...words, ...size, steps, init: null }, count: 1 })
}

test('a picture of the gallery is made again and compared, and no other comes of it', async () => {
  await enqueue(2)
  const id = await made.promise
  const verification = await ask('gallery.verify', id)
  expect(verification).toMatchObject({ isSameFile: true, firstDifference: null, pixels: { largest: 0 } })
  expect(verification.layers.map(({ layer }) => layer)).toContain('lastStep')
  expect(await ask('gallery.ids', { text: '', starredOnly: false, order: 'newest' })).toEqual([id])
})

test('while a picture is made none is verified, nor while another is', async () => {
  await enqueue(2)
  const id = await made.promise
  const both = await Promise.all([studio.answer('gallery.verify', id), studio.answer('gallery.verify', id)])
  expect(both).toContainEqual({ failure: expect.objectContaining({ code: 'invalid-request' }) as Failure })
  const [job = ''] = await enqueue(400)
  await expect.poll(() => running.has(job)).toBe(true)
  expect((await refusal('gallery.verify', id)).message).toMatch(/^A picture is being made/)
  await ask('queue.cancel', job)
})

test('a verification can be cancelled, and the next one goes well', async () => {
  await enqueue(50)
  const id = await made.promise
  const verifying = studio.answer('gallery.verify', id)
  await ask('gallery.cancelVerify', undefined)
  const answer = await verifying
  expect(answer).toMatchObject({ failure: { code: 'cancelled' } })
  expect(await refusal('gallery.verify', '00000000-0000-4000-8000-000000000000')).toMatchObject({ code: 'not-found' })
})
