import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { render } from 'vitest-browser-svelte'
import type { Handlers } from '../../main/contract/calls.ts'
import type { Recipe } from '../../main/contract/recipe.ts'
import App from '../App.svelte'
import { job, picture, request, scriptedStudio } from '../fixtures/scripted-transport.ts'

const INPUT = { id: 'b'.repeat(64), widthPx: 320, heightPx: 200 }
const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

beforeEach(async () => {
  localStorage.clear()
  await page.viewport(1280, 800)
})
afterEach(() => {
  vi.unstubAllGlobals()
})

async function openStudio(pictures = [picture(2), picture(1)], handlers: Partial<Handlers> = {}) {
  const studio = scriptedStudio(pictures, {
    'gallery.useAsInput': () => INPUT,
    'gallery.trash': () => undefined,
    'gallery.restore': () => undefined,
    'queue.retry': () => job().id,
    ...handlers,
  })
  const screen = await render(App, { transport: studio.transport })
  const canvas = screen.getByRole('region', { name: 'Canvas' })
  await expect.element(canvas).toBeVisible()
  return { ...studio, screen, canvas }
}

/** Drops `data` in the middle of an element as a browser would. */
function drop(element: Element, data: DataTransfer): void {
  for (const type of ['dragenter', 'dragover', 'drop']) {
    element.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }))
  }
}

function file(name: string, type: string): DataTransfer {
  const data = new DataTransfer()
  data.items.add(new File(['bytes'], name, { type }))
  return data
}

/** The studio's door for pictures, which is no call. */
function takeUploads(response: Response): void {
  vi.stubGlobal('fetch', () => Promise.resolve(response))
}

test('a picture file dropped on the canvas becomes the start picture, and can be removed and brought back', async () => {
  const { screen, canvas } = await openStudio()
  takeUploads(Response.json(INPUT))
  drop(
    canvas.getByText('fox 2').element().closest('section')?.firstElementChild ?? document.body,
    file('a.png', 'image/png'),
  )
  await expect.element(screen.getByRole('button', { name: 'Show the start picture' })).toBeVisible()
  await expect.element(screen.getByRole('spinbutton', { name: 'Strength' })).toHaveValue('0.60')
  await screen.getByRole('radio', { name: 'Contain' }).click()
  await expect.element(screen.getByRole('radio', { name: 'Contain' })).toBeChecked()

  await screen.getByRole('button', { name: 'Remove the start picture' }).click()
  await expect.element(screen.getByRole('button', { name: 'Start from a picture' })).toBeVisible()
  await userEvent.keyboard('{Control>}z{/Control}')
  await expect.element(screen.getByRole('button', { name: 'Show the start picture' })).toBeVisible()
})

test('a picture file dropped on the prompt brings the settings it tells, else it is the start picture', async () => {
  const recipe: Recipe = {
    program: 'ComfyUI',
    fields: { prompt: 'a fox', seed: 42, steps: 12, promptStyle: 'comfyui', sampler: 'heun', schedule: 'karras' },
    modelName: 'dream.safetensors',
    modelHash: null,
    left: ['denoise 0.5'],
  }
  const recipes = [recipe, null]
  const { screen } = await openStudio([picture(1)], { 'inputs.recipe': () => recipes.shift() ?? null })
  takeUploads(Response.json(INPUT))
  const prompt = screen.getByRole('textbox', { name: 'Prompt', exact: true })
  drop(prompt.element(), file('a.png', 'image/png'))
  await expect.element(prompt).toHaveValue('a fox')
  await expect.element(screen.getByRole('spinbutton', { name: 'Steps' })).toHaveValue('12')
  await expect
    .element(
      screen.getByText(/from a picture by ComfyUI\. Its model dream\.safetensors is not .* Not taken: denoise 0\.5\./),
    )
    .toBeVisible()
  await userEvent.keyboard('{Control>}z{/Control}')
  await expect.element(prompt).toHaveValue('')

  takeUploads(Response.json(INPUT))
  drop(prompt.element(), file('b.png', 'image/png'))
  await expect.element(screen.getByRole('button', { name: 'Show the start picture' })).toBeVisible()
})

test('a picture dragged from the strip is taken by its id, without an upload', async () => {
  const { screen, canvas, asked } = await openStudio()
  const cell = screen.getByRole('gridcell', { name: 'fox 1' })
  await expect.element(cell).toBeVisible()
  const data = new DataTransfer()
  cell
    .element()
    .querySelector('img')
    ?.dispatchEvent(new DragEvent('dragstart', { dataTransfer: data, bubbles: true }))
  drop(canvas.element().firstElementChild ?? document.body, data)
  await expect.element(screen.getByRole('button', { name: 'Show the start picture' })).toBeVisible()
  expect(asked.find(({ name }) => name === 'gallery.useAsInput')?.input).toBe(picture(1).id)
})

test('a file the studio refuses is told in a message, and the draft stays as it was', async () => {
  const { screen, canvas } = await openStudio()
  takeUploads(Response.json({ code: 'invalid-request', message: 'expected a picture, found a text' }, { status: 400 }))
  drop(canvas.element().firstElementChild ?? document.body, file('notes.png', 'image/png'))
  await expect.element(screen.getByRole('alert')).toHaveTextContent('Expected a picture, found a text.')
  await expect.element(screen.getByRole('button', { name: 'Start from a picture' })).toBeVisible()
})

test('a job takes the canvas: progress, preview, then the finished picture in the same place', async () => {
  const pictures = [picture(1)]
  const { canvas, tell } = await openStudio(pictures)
  const running = job({ state: 'running', request: picture(2).request })
  const progress = { stage: 'denoising', step: 3, steps: 25, loaded: 1, secondsLeft: 8 } as const
  tell({ name: 'job.changed', payload: { ...running, progress } })
  await expect.element(canvas.getByRole('progressbar')).toHaveAttribute('aria-valuetext', 'Step 3 of 25 · 8 s left')
  tell({ name: 'job.preview', payload: { jobId: running.id, step: 3, dataUrl: PIXEL } })
  await expect.poll(() => canvas.element().querySelector('img')?.getAttribute('src')).toBe(PIXEL)
  const before = canvas.element().querySelector('img')?.parentElement?.getBoundingClientRect()

  pictures.unshift(picture(2))
  tell({ name: 'gallery.changed', payload: { added: [picture(2).id], changed: [], removed: [] } })
  tell({ name: 'job.changed', payload: { ...running, state: 'done', imageId: picture(2).id } })
  await expect.element(canvas.getByRole('img', { name: 'fox 2' })).toBeVisible()
  expect(canvas.element().querySelector('img')?.parentElement?.getBoundingClientRect()).toEqual(before)
  await expect.element(canvas.getByRole('button', { name: 'Use these settings' })).toBeVisible()
})

test('what was just enqueued takes the canvas from a picture chosen by hand, even when it starts before the answer', async () => {
  const { screen, canvas, tell } = await openStudio([picture(2), picture(1)], {
    'queue.enqueue': () => {
      tell({ name: 'job.changed', payload: job({ state: 'running' }) })
      return [job().id]
    },
  })
  await screen.getByRole('gridcell', { name: 'fox 1' }).click()
  await screen.getByRole('button', { name: 'Generate' }).click()
  await expect.element(canvas.getByRole('progressbar')).toBeVisible()
})

test('a failed job says why on the canvas, with details to unfold and a way to try again', async () => {
  const { canvas, tell, asked } = await openStudio()
  const failure = { code: 'out-of-memory', message: 'no memory was left', details: 'bad_alloc' } as const
  tell({ name: 'job.changed', payload: job({ state: 'running' }) })
  tell({ name: 'job.changed', payload: job({ state: 'failed', failure }) })
  await expect.element(canvas.getByText('No memory was left.')).toBeVisible()
  await canvas.getByText('Details').click()
  await expect.element(canvas.getByText('bad_alloc')).toBeVisible()
  await canvas.getByRole('button', { name: 'Try again' }).click()
  await expect.poll(() => asked).toContainEqual({ name: 'queue.retry', input: job().id })
})

test('a picture chosen by hand keeps the canvas while jobs run', async () => {
  const { screen, canvas, tell } = await openStudio()
  await screen.getByRole('gridcell', { name: 'fox 1' }).click()
  tell({ name: 'job.changed', payload: job({ state: 'running' }) })
  await expect.element(canvas.getByText('seed 1', { exact: true })).toBeVisible()
  await canvas.getByRole('button', { name: /Show$/ }).click()
  await expect.element(canvas.getByRole('progressbar')).toBeVisible()
})

test('Delete moves the shown picture to the trash and shows its neighbour; the message takes it back', async () => {
  const { screen, canvas, asked } = await openStudio()
  await screen.getByRole('gridcell', { name: 'fox 2' }).click()
  await canvas.getByRole('button', { name: 'Delete' }).click()
  await expect.poll(() => asked).toContainEqual({ name: 'gallery.trash', input: [picture(2).id] })
  await expect.element(canvas.getByText('seed 1', { exact: true })).toBeVisible()
  await screen.getByRole('button', { name: 'Undo' }).click()
  await expect.element(screen.getByText('Picture moved to the trash')).not.toBeInTheDocument()
  await expect.poll(() => asked).toContainEqual({ name: 'gallery.restore', input: [picture(2).id] })
})

test('an empty gallery offers ten examples, and a click runs one', async () => {
  const { canvas, asked } = await openStudio([])
  await expect.poll(() => canvas.getByRole('listitem').elements().length).toBe(10)
  await canvas.getByRole('button', { name: 'a red apple' }).click()
  expect(asked.find(({ name }) => name === 'queue.enqueue')?.input).toMatchObject({
    count: 1,
    request: { prompt: 'a red apple' },
  })
})

test('a picture that is larger than what was asked for is shown in its own shape', async () => {
  const wide = picture(1, {
    widthPx: 640,
    heightPx: 400,
    request: request({ prompt: 'fox 1', widthPx: 128, heightPx: 128 }),
  })
  const { canvas } = await openStudio([wide])
  await expect.element(canvas.getByText('640 × 400')).toBeVisible()
  const frame = canvas.getByRole('img', { name: 'fox 1' }).element().closest('.picture')
  await expect.poll(() => (frame ? frame.clientWidth / frame.clientHeight : 0)).toBeCloseTo(1.6, 1)
})

test('while a model loads, the canvas says how its memory is gone about', async () => {
  const { canvas, tell } = await openStudio()
  const progress = { stage: 'loading', step: 0, steps: 4, loaded: 0.2, secondsLeft: null } as const
  const memory = 'weights as stored, to fit: 2.1 GiB at most, 3.0 GiB free'
  tell({ name: 'job.changed', payload: job({ state: 'running', progress: { ...progress, memory } }) })
  await expect.element(canvas.getByText(`Reading the model · 20% · ${memory}`)).toBeVisible()
})
