import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { render } from 'vitest-browser-svelte'
import type { CallInput } from '../../../main/contract/calls.ts'
import App from '../../App.svelte'
import { job, model, scriptedStudio } from '../../fixtures/scripted-transport.ts'
import { MaskSurface } from './mask-surface.ts'

const START = { id: 'a'.repeat(64), widthPx: 320, heightPx: 200 }

beforeEach(async () => {
  localStorage.clear()
  await page.viewport(1280, 800)
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

/** The studio's keeping of pictures: what is posted is there under an id of its own. */
function keepPictures() {
  const kept = new Map<string, string>()
  const plain = Object.assign(document.createElement('canvas'), { width: START.widthPx, height: START.heightPx })
  plain.getContext('2d')?.fillRect(0, 0, START.widthPx, START.heightPx)
  kept.set(START.id, plain.toDataURL())
  const posted: Blob[] = []
  vi.stubGlobal('fetch', (_address: string, { body }: { body: Blob }) => {
    posted.push(body)
    const id = posted.length.toString(16).padStart(64, '0')
    kept.set(id, URL.createObjectURL(body))
    return Promise.resolve(Response.json({ ...START, id }))
  })
  const source = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, 'src')
  vi.spyOn(HTMLImageElement.prototype, 'src', 'set').mockImplementation(function (this: HTMLImageElement, url) {
    source?.set?.call(this, kept.get(url.replace('/input/', '')) ?? url)
  })
  return { posted }
}

async function openStudio() {
  const { posted } = keepPictures()
  const enqueue = vi.fn((_input: CallInput<'queue.enqueue'>) => [job().id])
  const studio = scriptedStudio([], {
    'queue.enqueue': enqueue,
    'models.list': () => [model({ defaults: { ...model().defaults, widthPx: 160, heightPx: 160 } })],
  })
  localStorage.setItem('draft', JSON.stringify(draftWithStart()))
  const screen = await render(App, { transport: studio.transport })
  const canvas = screen.getByRole('region', { name: 'Canvas' })
  const stage = screen.getByRole('application', { name: /^Mask over the start picture/ })
  const mask = () => enqueue.mock.lastCall?.[0].request.init?.mask
  const generate = async () => {
    const before = enqueue.mock.calls.length
    await screen.getByRole('button', { name: 'Generate' }).click()
    await expect.poll(() => enqueue.mock.calls.length).toBe(before + 1)
  }
  const paint = async () => {
    await canvas.getByRole('button', { name: 'Paint a mask' }).click()
    await expect.element(stage).toBeVisible()
    await expect.poll(() => stage.element().querySelector('canvas')).not.toBeNull()
  }
  return { ...studio, screen, canvas, stage, enqueue, mask, posted, generate, paint }
}

function draftWithStart() {
  const { defaults } = model()
  return {
    ...defaults,
    ...{ model: 'starter', prompt: 'a fox', negativePrompt: '', seed: 7, count: 1, isSeedLocked: true },
    ...{ widthPx: 160, heightPx: 160, init: { id: START.id, strength: 0.6, fit: 'crop' } },
  }
}

/** A stroke with the pointer from one share of the stage's frame to another. */
function stroke(stage: Element, from: readonly [number, number], to: readonly [number, number], pen?: number): void {
  const frame = stage.querySelector('img')?.getBoundingClientRect() ?? new DOMRect()
  const event = (type: string, [x, y]: readonly [number, number]) =>
    new PointerEvent(type, {
      clientX: frame.left + frame.width * x,
      clientY: frame.top + frame.height * y,
      pointerId: 1,
      bubbles: true,
      ...(pen === undefined ? {} : { pointerType: 'pen', pressure: pen }),
    })
  const capture = vi.spyOn(stage, 'setPointerCapture').mockImplementation(() => undefined)
  const captured = vi.spyOn(stage, 'hasPointerCapture').mockReturnValue(true)
  stage.dispatchEvent(event('pointerdown', from))
  stage.dispatchEvent(event('pointermove', to))
  stage.dispatchEvent(event('pointerup', to))
  capture.mockRestore()
  captured.mockRestore()
}

/** Whether a mask that was posted repaints at a place of the start picture. */
async function reader(png: Blob | undefined) {
  const bitmap = await createImageBitmap(png ?? new Blob())
  const surface = new MaskSurface(bitmap)
  surface.load(bitmap)
  const values = surface.read(surface.whole)
  return { bitmap, at: (x: number, y: number) => values[y * bitmap.width + x] }
}

test('a stroke on the picture is sent as a mask of the start picture’s own size, where it lies under the pointer', async () => {
  const { stage, mask, posted, generate, paint } = await openStudio()
  await paint()
  // Of 320 by 200, cropped to a square, the middle 200 are seen.
  stroke(stage.element(), [0.25, 0.5], [0.75, 0.5])
  await generate()
  expect(mask()).toEqual({ id: '1'.padStart(64, '0'), blurPx: 4, fill: 'original', paddingPx: null })
  const { bitmap, at } = await reader(posted[0])
  expect([bitmap.width, bitmap.height]).toEqual([320, 200])
  expect([at(110, 100), at(160, 100), at(210, 100)]).toEqual([255, 255, 255])
  expect([at(60, 100), at(160, 40), at(260, 100)]).toEqual([0, 0, 0])
})

test('a light pen makes a thinner stroke', async () => {
  const { stage, posted, generate, paint } = await openStudio()
  await paint()
  stroke(stage.element(), [0.25, 0.5], [0.75, 0.5], 0.1)
  await generate()
  const { at } = await reader(posted[0])
  expect([at(160, 100), at(160, 109)]).toEqual([255, 0])
})

test('strokes are undone and done again by keys, and an empty mask is none', async () => {
  const { screen, stage, mask, generate, paint } = await openStudio()
  await paint()
  stroke(stage.element(), [0.25, 0.5], [0.75, 0.5])
  const undo = screen.getByRole('button', { name: 'Undo' })
  await expect.element(undo).toBeEnabled()
  await userEvent.keyboard('{Control>}z{/Control}')
  await expect.element(undo).toBeDisabled()
  await userEvent.keyboard('{Control>}{Shift>}Z{/Shift}{/Control}')
  await expect.element(undo).toBeEnabled()
  await userEvent.keyboard('{Control>}z{/Control}')
  await generate()
  expect(mask()).toBeUndefined()
})

test('with keys alone the brush is sized, moved, put down and lifted', async () => {
  const { screen, stage, mask, posted, generate, paint } = await openStudio()
  await paint()
  await userEvent.keyboard(']')
  const size = screen.getByRole('spinbutton', { name: 'Brush size' })
  await expect.element(size).toHaveValue('31')
  await userEvent.keyboard('[[')
  await expect.element(size).toHaveValue('25')
  stage.element().focus()
  await userEvent.keyboard('{Enter}{ArrowRight}{ArrowRight}{Enter}')
  await generate()
  expect(mask()).toBeDefined()
  const { at } = await reader(posted[0])
  expect([at(160, 100), at(180, 100), at(130, 100)]).toEqual([255, 255, 0])
})

test('fill, eraser and invert: what was erased is what is repainted', async () => {
  const { screen, stage, posted, generate, paint } = await openStudio()
  await paint()
  await screen.getByRole('button', { name: 'Fill the mask' }).click()
  await userEvent.keyboard('e')
  await expect.element(screen.getByRole('button', { name: 'Eraser' })).toHaveAttribute('aria-pressed', 'true')
  stroke(stage.element(), [0.5, 0.5], [0.5, 0.5])
  await screen.getByRole('button', { name: 'Invert the mask' }).click()
  await generate()
  const { at } = await reader(posted.at(-1))
  expect([at(160, 100), at(10, 10)]).toEqual([255, 0])
})

test('a picture dropped while painting is the mask: its light parts repaint', async () => {
  const { canvas, stage, posted, generate, paint } = await openStudio()
  await paint()
  const half = Object.assign(document.createElement('canvas'), { width: 32, height: 20 })
  const context = half.getContext('2d')
  if (context) Object.assign(context, { fillStyle: 'white' }).fillRect(0, 0, 16, 20)
  const png = await new Promise<Blob | null>((resolve) => {
    half.toBlob(resolve)
  })
  const data = new DataTransfer()
  data.items.add(new File(png ? [png] : [], 'mask.png', { type: 'image/png' }))
  for (const type of ['dragenter', 'dragover', 'drop']) {
    stage.element().dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }))
  }
  await expect.element(canvas.getByRole('button', { name: 'Undo' })).toBeEnabled()
  await generate()
  const { at } = await reader(posted[0])
  expect([at(40, 100), at(280, 100)]).toEqual([255, 0])
})

test('how the mask is used is told at its fields, survives a reload, and removing it can be undone', async () => {
  const { screen, stage, mask, generate, paint } = await openStudio()
  await paint()
  stroke(stage.element(), [0.25, 0.5], [0.75, 0.5])
  await screen.getByRole('button', { name: 'Done' }).click()
  await screen.getByRole('radio', { name: 'Noise alone' }).click()
  await screen.getByRole('switch', { name: /^Only the masked area/ }).click()
  await screen.getByRole('spinbutton', { name: 'Surroundings it sees' }).fill('64')
  await userEvent.keyboard('{Enter}')
  await generate()
  const used = { id: '1'.padStart(64, '0'), blurPx: 4, fill: 'noise', paddingPx: 64 }
  expect(mask()).toEqual(used)
  expect(JSON.parse(localStorage.getItem('draft') ?? '')).toMatchObject({ init: { mask: used } })

  await screen.getByRole('button', { name: 'Remove the mask' }).click()
  await expect.element(screen.getByRole('radio', { name: 'Noise alone' })).not.toBeInTheDocument()
  await userEvent.keyboard('{Control>}z{/Control}')
  await expect.element(screen.getByRole('radio', { name: 'Noise alone' })).toBeChecked()
  await screen.getByRole('button', { name: 'Paint on the mask' }).click()
  await expect.element(stage).toBeVisible()
})

test('where only the masked area is made, all of the start picture can be painted on', async () => {
  const { screen, stage, posted, generate, paint } = await openStudio()
  await paint()
  stroke(stage.element(), [0.25, 0.5], [0.75, 0.5])
  await screen.getByRole('button', { name: 'Done' }).click()
  await screen.getByRole('switch', { name: /^Only the masked area/ }).click()
  await screen.getByRole('button', { name: 'Paint on the mask' }).click()
  await expect.poll(() => stage.element().querySelector('canvas')).not.toBeNull()
  stroke(stage.element(), [0.05, 0.5], [0.05, 0.5])
  await generate()
  const { at } = await reader(posted.at(-1))
  // Cropped to a square, this place was out of sight.
  expect([at(16, 100), at(16, 20)]).toEqual([255, 0])
})

test('Escape ends the painting before it cancels what runs', async () => {
  const { screen, stage, asked, tell, paint } = await openStudio()
  await paint()
  tell({ name: 'job.changed', payload: job({ state: 'running' }) })
  await userEvent.keyboard('{Escape}')
  await expect.element(stage).not.toBeInTheDocument()
  await expect.element(screen.getByRole('button', { name: 'Paint a mask' }).last()).toHaveFocus()
  expect(asked.some(({ name }) => name === 'queue.cancel')).toBe(false)
})
