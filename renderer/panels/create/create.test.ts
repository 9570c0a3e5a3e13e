import { beforeEach, expect, test, vi } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { render } from 'vitest-browser-svelte'
import type { CallInput } from '../../../main/contract/calls.ts'
import { StudioError } from '../../../main/contract/failure.ts'
import type { ImageRecord } from '../../../main/contract/image.ts'
import App from '../../App.svelte'
import { job, model, picture, scriptedStudio } from '../../fixtures/scripted-transport.ts'

beforeEach(async () => {
  localStorage.clear()
  await page.viewport(1280, 800)
})

/** The whole window over a studio that takes every request. */
async function openStudio(pictures: readonly ImageRecord[] = []) {
  const enqueue = vi.fn((_input: CallInput<'queue.enqueue'>) => [job().id])
  const studio = scriptedStudio(pictures, {
    'queue.enqueue': enqueue,
    'queue.cancel': () => undefined,
    'gallery.useAsInput': () => ({ id: 'a'.repeat(64), widthPx: 128, heightPx: 128 }),
  })
  const screen = await render(App, { transport: studio.transport })
  return { ...studio, screen, enqueue, prompt: screen.getByRole('textbox', { name: 'Prompt', exact: true }) }
}

test('the prompt is counted against the model’s limit, and what is beyond it is tinted and explained', async () => {
  const { screen, prompt } = await openStudio()
  await prompt.fill('a red fox runs over the snow')
  await expect.element(screen.getByText('7 of 4 tokens')).toBeInTheDocument()
  await expect.element(screen.getByText(/read as chunk 2/)).toBeVisible()
  await expect
    .poll(() => [...document.querySelectorAll('[data-chunk]')].map((part) => part.textContent))
    .toEqual(['over the snow'])
  await prompt.fill('a red fox')
  await expect.element(screen.getByText(/read as chunk 2/)).not.toBeInTheDocument()
})

test.each([
  ['class', 'A class of the model, as 207'],
  ['nothing', 'This model draws one kind of picture; it takes no words'],
] as const)('a model that is told %s says so in the prompt', async (kind, placeholder) => {
  const studio = scriptedStudio([], { 'models.list': () => [model({ prompt: kind })] })
  const screen = await render(App, { transport: studio.transport })
  await expect.element(screen.getByPlaceholder(placeholder)).toBeVisible()
})

test('Ctrl+Enter in the prompt enqueues it, and Up at its start brings back earlier ones', async () => {
  const { prompt, enqueue } = await openStudio()
  await prompt.fill('a fox')
  await userEvent.keyboard('{Control>}{Enter}{/Control}')
  await prompt.fill('a house')
  await userEvent.keyboard('{Control>}{Enter}{/Control}')
  expect(enqueue.mock.calls.map(([input]) => input.request.prompt)).toEqual(['a fox', 'a house'])

  await prompt.fill('half a thought')
  await userEvent.keyboard('{Home}{ArrowUp}')
  await expect.element(prompt).toHaveValue('a house')
  await userEvent.keyboard('{ArrowUp}')
  await expect.element(prompt).toHaveValue('a fox')
  await userEvent.keyboard('{ArrowDown}{ArrowDown}')
  await expect.element(prompt).toHaveValue('half a thought')
})

test('words the built-in model knows are offered while typing, and taken only when chosen', async () => {
  const { screen, prompt, enqueue } = await openStudio()
  const words = screen.getByRole('listbox', { name: 'Words the model knows' })
  await prompt.fill('a fo')
  await expect.element(words.getByRole('option', { name: 'fox' })).toBeVisible()
  await userEvent.keyboard('{ArrowDown}{Enter}')
  await expect.element(prompt).toHaveValue('a fox')
  await userEvent.keyboard(' in the s')
  await words.getByRole('option', { name: 'in the snow' }).click()
  await expect.element(prompt).toHaveValue('a fox in the snow')
  await expect.element(prompt).toHaveFocus()

  await userEvent.keyboard(', nig')
  await expect.element(words).toBeVisible()
  await userEvent.keyboard('{Control>}{Enter}{/Control}')
  expect(enqueue.mock.lastCall?.[0].request.prompt).toBe('a fox in the snow, nig')
  await userEvent.keyboard('{Escape}')
  await expect.element(words).not.toBeInTheDocument()
})

test('an unlocked seed is new for each run; one that was typed stays', async () => {
  const { screen, enqueue } = await openStudio()
  const generate = screen.getByRole('button', { name: 'Generate' })
  await generate.click()
  await generate.click()
  const [first, second] = enqueue.mock.calls.map(([input]) => input.request.seed)
  expect(first).not.toBe(second)

  await screen.getByRole('spinbutton', { name: 'Seed' }).fill('4711')
  await userEvent.keyboard('{Enter}')
  await expect.element(screen.getByRole('button', { name: /^Unlock the seed/ })).toHaveAttribute('aria-pressed', 'true')
  await generate.click()
  await generate.click()
  expect(enqueue.mock.calls.slice(2).map(([input]) => input.request.seed)).toEqual([4711, 4711])

  await screen.getByRole('button', { name: 'New random seed' }).click()
  await generate.click()
  expect(enqueue.mock.lastCall?.[0].request.seed).not.toBe(4711)
})

test('the button says what will happen', async () => {
  const { screen, tell } = await openStudio()
  await expect.element(screen.getByRole('button', { name: 'Generate' })).toBeVisible()
  await screen.getByRole('spinbutton', { name: 'Number of pictures' }).fill('4')
  await userEvent.tab()
  await expect.element(screen.getByRole('button', { name: 'Generate 4' })).toBeVisible()
  tell({ name: 'job.changed', payload: job({ state: 'running' }) })
  await expect.element(screen.getByRole('button', { name: 'Add 4 to queue' })).toBeVisible()
  await expect.element(screen.getByRole('button', { name: 'Stop' })).toBeVisible()
})

test('a size off the grid is refused at its field with a way out, and nothing is sent', async () => {
  const { screen, enqueue } = await openStudio()
  const width = screen.getByRole('spinbutton', { name: 'Width' })
  await width.fill('130')
  await userEvent.keyboard('{Enter}')
  await expect.element(width).toHaveAccessibleDescription('Expected a multiple of 8 pixels, found 130.')
  await screen.getByRole('button', { name: 'Generate' }).click()
  expect(enqueue).not.toHaveBeenCalled()
  await screen.getByRole('button', { name: 'Use 128 × 128' }).click()
  await expect.element(width).toHaveValue('128')
})

test('what the studio refuses is told at the field it names', async () => {
  const { screen, enqueue } = await openStudio()
  enqueue.mockImplementation(() => {
    throw new StudioError('invalid-request', 'expected at most 50 steps, found 60', { field: 'request.steps' })
  })
  await screen.getByRole('button', { name: 'Generate' }).click()
  await expect
    .element(screen.getByRole('spinbutton', { name: 'Steps' }))
    .toHaveAccessibleDescription('Expected at most 50 steps, found 60.')
})

test('Escape cancels the running job, but first closes what is open', async () => {
  const { screen, tell, asked } = await openStudio()
  tell({ name: 'job.changed', payload: job({ state: 'running' }) })
  await screen.getByRole('combobox', { name: 'Model' }).click()
  await userEvent.keyboard('{Escape}')
  expect(asked.some(({ name }) => name === 'queue.cancel')).toBe(false)
  await userEvent.keyboard('{Escape}')
  await expect.poll(() => asked).toContainEqual({ name: 'queue.cancel', input: job().id })
})

test('the dot of a changed field puts the model’s default back', async () => {
  const { screen } = await openStudio()
  const steps = screen.getByRole('spinbutton', { name: 'Steps' })
  await steps.fill('40')
  await userEvent.keyboard('{Enter}')
  await screen.getByRole('button', { name: 'Reset steps' }).click()
  await expect.element(steps).toHaveValue('25')
  await expect.element(screen.getByRole('button', { name: 'Reset steps' })).not.toBeInTheDocument()
})

test('the strip is a grid that arrow keys walk, and Enter shows the picture with its parameters', async () => {
  const { screen } = await openStudio([picture(3), picture(2), picture(1)])
  const grid = screen.getByRole('grid', { name: 'Pictures, newest first' })
  await grid.getByRole('gridcell', { name: 'fox 3' }).click()
  await userEvent.keyboard('{ArrowRight}')
  await expect.element(grid.getByRole('gridcell', { name: 'fox 2' })).toHaveFocus()
  await userEvent.keyboard('{End}')
  await expect.element(grid.getByRole('gridcell', { name: 'fox 1' })).toHaveFocus()
  await userEvent.keyboard('{Enter}')
  await expect
    .element(screen.getByRole('region', { name: 'Canvas' }).getByText('seed 1', { exact: true }))
    .toBeVisible()
  await expect.element(grid.getByRole('gridcell', { name: 'fox 1' })).toHaveAttribute('aria-selected', 'true')
})

test('in a narrow window the side columns are drawers that take the focus and give it back', async () => {
  await page.viewport(600, 700)
  const { screen, prompt, tell, asked } = await openStudio([picture(1)])
  tell({ name: 'job.changed', payload: job({ state: 'running' }) })
  const opener = screen.getByRole('button', { name: 'Prompt and settings' })
  await opener.click()
  await expect.element(prompt).toHaveFocus()
  await userEvent.keyboard('{Escape}')
  await expect.element(opener).toHaveFocus()
  expect(asked.some(({ name }) => name === 'queue.cancel')).toBe(false)

  await screen.getByRole('button', { name: 'Pictures', exact: true }).click()
  await screen.getByRole('gridcell', { name: 'fox 1' }).click()
  await expect.element(screen.getByText('seed 1', { exact: true })).toBeVisible()
  await expect.element(screen.getByRole('gridcell', { name: 'fox 1' })).not.toBeInTheDocument()
})
