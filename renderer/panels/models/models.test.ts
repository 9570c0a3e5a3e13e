import { beforeEach, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { render } from 'vitest-browser-svelte'
import type { Handlers } from '../../../main/contract/calls.ts'
import { StudioError } from '../../../main/contract/failure.ts'
import App from '../../App.svelte'
import { model, part, scriptedStudio } from '../../fixtures/scripted-transport.ts'

const large = model({
  id: 'large',
  name: 'Large',
  isBuiltIn: false,
  layout: 'single-file',
  path: '/models/Large.safetensors',
  defaults: { ...model().defaults, widthPx: 512, heightPx: 512 },
  memory: { fastBytes: 40e9, smallBytes: 20e9, fit: 'small' },
  sha256: `0123456789ab${'0'.repeat(52)}`,
})
const broken = model({
  id: 'broken',
  name: 'Broken',
  path: '/b',
  isBuiltIn: false,
  problem: '/b: expected 686 tensors, found 12',
})
const ink = part({ id: 'ink', name: 'Ink wash', families: ['sdxl'], triggerWords: ['inkwash'], preferredWeight: 0.7 })
const vae = part({ id: 'soft', name: 'Soft', kind: 'autoencoder', families: [] })

beforeEach(async () => {
  localStorage.clear()
  await page.viewport(1280, 800)
})

async function openModels(handlers: Partial<Handlers> = {}) {
  const studio = scriptedStudio([], {
    'models.list': () => [model(), large, broken],
    'parts.list': () => [vae, ink],
    ...handlers,
  })
  const screen = await render(App, { transport: studio.transport })
  document.querySelector<HTMLElement>('.window')?.style.setProperty('height', '800px')
  await screen.getByRole('button', { name: /^Models/ }).click()
  const grid = screen.getByRole('grid', { name: 'Library' })
  return {
    ...studio,
    screen,
    grid,
    cell: (name: string) => grid.getByRole('gridcell', { name, exact: true }),
    details: screen.getByRole('complementary', { name: 'Details' }),
  }
}

const cellNames = () => [...document.querySelectorAll('[role=gridcell]')].map((cell) => cell.getAttribute('aria-label'))

test('everything is there, the built-in model first, each with what it is and how it stands', async () => {
  const { cell } = await openModels()
  await expect.element(cell('Starter, Stable Diffusion 1, Model, in use')).toBeVisible()
  expect(cellNames()).toEqual([
    'Starter, Stable Diffusion 1, Model, in use',
    'Broken, Stable Diffusion 1, Model, cannot be used',
    'Large, Stable Diffusion 1, Model',
    'Ink wash, Stable Diffusion XL, LoRA',
    'Soft, Autoencoder',
  ])
})

test('words, a kind and a family leave what has them', async () => {
  const { screen } = await openModels()
  await screen.getByRole('searchbox', { name: 'Search the library' }).fill('INKWASH')
  await expect.poll(cellNames).toEqual(['Ink wash, Stable Diffusion XL, LoRA'])
  await expect.element(screen.getByText('1 of 5')).toBeInTheDocument()
  await userEvent.keyboard('{Escape}')
  await screen.getByRole('radio', { name: 'Autoencoders' }).click()
  await expect.poll(cellNames).toEqual(['Soft, Autoencoder'])
  await screen.getByRole('radio', { name: 'All' }).click()
  await screen.getByRole('combobox', { name: 'Family' }).click()
  await screen.getByRole('option', { name: 'Stable Diffusion XL' }).click()
  await expect.poll(cellNames).toEqual(['Ink wash, Stable Diffusion XL, LoRA'])
  await screen.getByRole('radio', { name: 'Models' }).click()
  await expect.element(screen.getByText(/^Nothing in the library has these words/)).toBeVisible()
})

test('the arrow keys go through the grid, and the details with them', async () => {
  const { cell, details } = await openModels()
  await cell('Starter, Stable Diffusion 1, Model, in use').click()
  await userEvent.keyboard('{ArrowRight}')
  await expect.element(details.getByRole('heading', { name: 'Broken' })).toBeVisible()
  await userEvent.keyboard('{End}')
  await expect.element(details.getByRole('heading', { name: 'Soft' })).toBeVisible()
})

test('a model that cannot run says why, and cannot be used', async () => {
  const { cell, details } = await openModels()
  await cell('Broken, Stable Diffusion 1, Model, cannot be used').click()
  await expect.element(details.getByText('Expected 686 tensors, found 12.')).toBeVisible()
  await expect.element(details.getByRole('button', { name: 'Use this model' })).not.toBeInTheDocument()
})

test('a model says what it needs and what others call it, and is used with its own defaults', async () => {
  const { screen, cell, details } = await openModels()
  await cell('Large, Stable Diffusion 1, Model').click()
  await expect.element(details.getByText('Fits in small memory use: 20 GB, more slowly than with 40 GB')).toBeVisible()
  await expect.element(details.getByText('0123456789', { exact: true })).toBeVisible()
  await details.getByRole('button', { name: 'Use this model' }).click()
  await expect.element(screen.getByRole('combobox', { name: 'Model' })).toHaveTextContent('Large')
  await expect.element(screen.getByRole('spinbutton', { name: 'Width' })).toHaveValue('512')
})

test('a LoRA shows its trigger words and goes into the draft', async () => {
  const { screen, cell, details } = await openModels()
  await cell('Ink wash, Stable Diffusion XL, LoRA').click()
  await expect.element(details.getByRole('button', { name: 'Copy inkwash' })).toBeVisible()
  await details.getByRole('button', { name: 'Use this LoRA' }).click()
  await expect.element(screen.getByRole('main', { name: 'Create' })).toBeVisible()
  await expect.element(screen.getByText('Ink wash').first()).toBeVisible()
})

test('a file goes to the trash only after a second word, and a refusal is said there', async () => {
  let isRefused = true
  const { screen, cell, details, asked } = await openModels({
    'models.trashFile': () => {
      if (isRefused) throw new StudioError('internal', 'expected a trash, found none')
    },
  })
  await cell('Large, Stable Diffusion 1, Model').click()
  await details.getByRole('button', { name: 'Move to the trash…' }).click()
  const dialog = screen.getByRole('dialog', { name: 'Move to the trash' })
  await dialog.getByRole('button', { name: 'Keep it' }).click()
  expect(asked.map(({ name }) => name)).not.toContain('models.trashFile')
  await details.getByRole('button', { name: 'Move to the trash…' }).click()
  await dialog.getByRole('button', { name: 'Move to the trash' }).click()
  await expect.element(dialog.getByRole('alert')).toHaveTextContent('Expected a trash, found none.')
  isRefused = false
  await dialog.getByRole('button', { name: 'Move to the trash' }).click()
  await expect.element(screen.getByText('Large moved to the system’s trash')).toBeVisible()
  expect(asked).toContainEqual({ name: 'models.trashFile', input: 'large' })
})

test('the built-in model and models in folders are not for the trash', async () => {
  const { cell, details } = await openModels()
  await cell('Starter, Stable Diffusion 1, Model, in use').click()
  await expect.element(details.getByRole('heading', { name: 'Starter' })).toBeVisible()
  await expect.element(details.getByRole('button', { name: 'Move to the trash…' })).not.toBeInTheDocument()
})

test('the computing of hashes shows how far it is, and can be paused', async () => {
  const { screen, tell, asked } = await openModels({ 'models.pauseDigests': () => undefined })
  tell({ name: 'models.stateChanged', payload: { isScanning: false, digested: 3, digestible: 40, isPaused: false } })
  await expect.element(screen.getByRole('progressbar', { name: 'Hashes computed' })).toHaveAttribute('max', '40')
  await screen.getByRole('button', { name: 'Pause computing hashes' }).click()
  await expect.poll(() => asked).toContainEqual({ name: 'models.pauseDigests', input: true })
  tell({ name: 'models.stateChanged', payload: { isScanning: false, digested: 40, digestible: 40, isPaused: false } })
  await expect.element(screen.getByRole('progressbar', { name: 'Hashes computed' })).not.toBeInTheDocument()
})

test('of a thousand only those in sight are drawn', async () => {
  const many = Array.from({ length: 1000 }, (_, i) => part({ id: `p${i}`, name: `Style ${i}` }))
  const { cell } = await openModels({ 'parts.list': () => many })
  await expect.element(cell('Style 0, Stable Diffusion 1, LoRA')).toBeVisible()
  expect(cellNames().length).toBeLessThan(120)
})

test('the menu of a cell has what the details offer', async () => {
  const { screen, cell } = await openModels()
  await cell('Large, Stable Diffusion 1, Model').click({ button: 'right' })
  const titles = () =>
    screen
      .getByRole('menuitem')
      .elements()
      .map((item) => item.textContent.trim())
  await expect.poll(titles).toEqual(['Use this model', 'Copy the name', 'Copy the path', 'Move to the trash…'])
  await screen.getByRole('menuitem', { name: 'Move to the trash…' }).click()
  await expect.element(screen.getByRole('dialog', { name: 'Move to the trash' })).toBeVisible()
})
