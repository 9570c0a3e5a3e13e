import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { render } from 'vitest-browser-svelte'
import type { CallInput } from '../../../../main/contract/calls.ts'
import { StudioError } from '../../../../main/contract/failure.ts'
import type { PartSummary } from '../../../../main/contract/part.ts'
import App from '../../../App.svelte'
import { job, model, part, picture, request, scriptedStudio } from '../../../fixtures/scripted-transport.ts'

const INPUT = { id: 'b'.repeat(64), widthPx: 320, heightPx: 200 }

const LIBRARY = [
  part({ id: 'ink', name: 'Ink wash', triggerWords: ['ink wash', 'sumi-e'], preferredWeight: 0.7 }),
  part({ id: 'paper', name: 'Paper cut' }),
  part({ id: 'large-ink', name: 'XL ink', families: ['sdxl'] }),
  part({ id: 'easy', kind: 'embedding', name: 'EasyNegative' }),
  part({ id: 'canny', kind: 'controlnet', name: 'control_v11p_sd15_canny' }),
  part({ id: 'ip', kind: 'ip-adapter', name: 'ip-adapter_sd15' }),
  part({ id: 'sharp', kind: 'autoencoder', name: 'vae-ft-mse', families: [] }),
]

beforeEach(async () => {
  localStorage.clear()
  await page.viewport(1280, 900)
})
afterEach(() => {
  vi.unstubAllGlobals()
})

const MODELS = [model(), model({ id: 'refine', name: 'Refine', family: 'sdxl-refiner', isBuiltIn: false })]

async function openStudio(parts: readonly PartSummary[] = LIBRARY, pictures = [picture(1)], models = MODELS) {
  const enqueue = vi.fn((_input: CallInput<'queue.enqueue'>) => [job().id])
  const studio = scriptedStudio(pictures, {
    'parts.list': () => [...parts],
    'queue.enqueue': enqueue,
    'gallery.useAsInput': () => INPUT,
    'controls.preview': ({ preprocessor }) =>
      `data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' id='${preprocessor}'/>`,
    'models.list': () => models,
  })
  const screen = await render(App, { transport: studio.transport })
  const prompt = screen.getByRole('textbox', { name: 'Prompt', exact: true })
  const add = async (what: string) => {
    await screen.getByRole('button', { name: 'Add…' }).click()
    await screen.getByRole('menuitem', { name: new RegExp(`^${what}`) }).click()
  }
  const choose = async (name: string) => screen.getByRole('option', { name: new RegExp(`^${name}`) }).click()
  const sent = () => enqueue.mock.lastCall?.[0].request
  const generate = () => screen.getByRole('button', { name: 'Generate' }).click()
  return { ...studio, screen, prompt, add, choose, enqueue, sent, generate }
}

test('a LoRA is added by search with the keyboard alone, at the weight its maker likes', async () => {
  const { screen, sent, generate } = await openStudio()
  const menu = screen.getByRole('button', { name: 'Add…' })
  await expect.element(menu).toBeVisible()
  menu.element().focus()
  await userEvent.keyboard('{Enter}')
  await expect.element(screen.getByRole('menuitem', { name: /^LoRA/ })).toHaveFocus()
  await userEvent.keyboard('{Enter}')
  await expect.element(screen.getByPlaceholder('Search 3 LoRAs')).toHaveFocus()
  await userEvent.keyboard('sumi')
  await expect.element(screen.getByRole('option', { name: /^Paper cut/ })).not.toBeInTheDocument()
  await userEvent.keyboard('{Enter}')
  await expect.element(screen.getByRole('spinbutton', { name: 'Weight of Ink wash' })).toHaveValue('0.70')
  await generate()
  expect(sent()?.loras).toEqual([{ id: 'ink', weight: 0.7 }])
})

test('a LoRA of another family is offered with the reason it does not fit, and cannot be chosen', async () => {
  const { screen, add } = await openStudio()
  await add('LoRA')
  const misfit = screen.getByRole('option', { name: /^XL ink/ })
  await expect.element(misfit).toHaveAttribute('aria-disabled', 'true')
  await expect.element(misfit.getByText('Made for Stable Diffusion XL; Starter is Stable Diffusion 1.')).toBeVisible()
})

test('a LoRA is weighed beyond the slider, put aside, given a weight for the words, and removed with undo', async () => {
  const { screen, add, choose, sent, generate } = await openStudio()
  await add('LoRA')
  await choose('Paper cut')
  const weight = screen.getByRole('spinbutton', { name: 'Weight of Paper cut', exact: true })
  await weight.fill('-3')
  await userEvent.keyboard('{Enter}')
  await screen.getByRole('button', { name: 'More of Paper cut' }).click()
  await screen.getByRole('checkbox', { name: 'Another weight for the words' }).click()
  await screen.getByRole('spinbutton', { name: 'Weight of Paper cut for the words' }).fill('0.4')
  await generate()
  expect(sent()?.loras).toEqual([{ id: 'paper', weight: -3, textWeight: 0.4 }])

  await weight.fill('9')
  await userEvent.keyboard('{Enter}')
  await expect.element(screen.getByText('Expected 5 or less, found 9.')).toBeVisible()
  await screen.getByRole('switch', { name: 'Use Paper cut' }).click()
  await expect.element(screen.getByText('Expected 5 or less, found 9.')).not.toBeInTheDocument()
  await generate()
  expect(sent()).not.toHaveProperty('loras')

  await screen.getByRole('button', { name: 'Remove Paper cut' }).click()
  await expect.element(weight).not.toBeInTheDocument()
  await userEvent.keyboard('{Control>}z{/Control}')
  await expect.element(weight).toBeVisible()
})

test('words that wake a LoRA are put into the prompt once', async () => {
  const { screen, prompt, add, choose } = await openStudio()
  await prompt.fill('a fox, ')
  await add('LoRA')
  await choose('Ink wash')
  const words = screen.getByRole('list', { name: 'Words that wake Ink wash' })
  await words.getByRole('button', { name: /sumi-e$/ }).click()
  await expect.element(prompt).toHaveValue('a fox, sumi-e')
  await expect.element(words.getByRole('button', { name: /sumi-e$/ })).toBeDisabled()
})

test('LoRAs change places by arrow keys', async () => {
  const { screen, add, choose, sent, generate } = await openStudio()
  for (const name of ['Ink wash', 'Paper cut']) {
    await add('LoRA')
    await choose(name)
  }
  screen.getByRole('button', { name: 'Move Paper cut with the arrow keys' }).element().focus()
  await userEvent.keyboard('{ArrowUp}')
  await expect.element(screen.getByRole('button', { name: 'Move Paper cut with the arrow keys' })).toHaveFocus()
  await generate()
  expect(sent()?.loras?.map(({ id }) => id)).toEqual(['paper', 'ink'])
})

test('a LoRA called in the prompt becomes a row and leaves the prompt, and undo puts it back beside what was written since', async () => {
  const { screen, prompt } = await openStudio()
  await prompt.fill('a fox, <lora:Paper cut:0.5')
  await prompt.click()
  await userEvent.keyboard('{End}>, in snow')
  await expect.element(prompt).toHaveValue('a fox, in snow')
  await expect.element(screen.getByRole('spinbutton', { name: 'Weight of Paper cut' })).toHaveValue('0.50')
  await screen.getByRole('button', { name: 'Undo' }).click()
  await expect.element(prompt).toHaveValue('a fox, in snow, <lora:Paper cut:0.5>')
  await expect.element(screen.getByRole('spinbutton', { name: 'Weight of Paper cut' })).not.toBeInTheDocument()

  await screen.getByRole('button', { name: 'Use the LoRA' }).click()
  await expect.element(prompt).toHaveValue('a fox, in snow')
  await expect.element(screen.getByRole('spinbutton', { name: 'Weight of Paper cut' })).toHaveValue('0.50')
})

test('a LoRA the library lacks stays in the prompt and is told', async () => {
  const { screen, prompt } = await openStudio()
  await prompt.fill('a fox <lora:gold:1>')
  await expect.element(screen.getByText(/No LoRA called gold in the library/)).toBeVisible()
  await expect.element(prompt).toHaveValue('a fox <lora:gold:1>')
})

test('embeddings are completed by their names', async () => {
  const { screen, prompt } = await openStudio()
  await prompt.fill('easyn')
  await screen.getByRole('option', { name: 'EasyNegative' }).click()
  await expect.element(prompt).toHaveValue('EasyNegative')
})

test('a control asks for its picture, takes the one on the canvas, and is sent whole', async () => {
  const { screen, add, choose, sent, generate, enqueue } = await openStudio()
  await add('Control')
  await choose('control_v11p_sd15_canny')
  const card = screen.getByRole('group', { name: 'Control control_v11p_sd15_canny' })
  await generate()
  await expect.element(card.getByText('It needs a picture.')).toBeVisible()
  expect(enqueue).not.toHaveBeenCalled()

  await card.getByRole('button', { name: 'Use the picture on the canvas' }).click()
  await expect.element(card.getByText('It needs a picture.')).not.toBeInTheDocument()
  const seen = card.getByRole('img', { name: 'What the network sees' })
  await expect.element(seen).toHaveAttribute('src', expect.stringContaining("id='canny'"))
  await card.getByRole('combobox', { name: 'What is drawn from the picture' }).click()
  await screen.getByRole('option', { name: /^Scribble/ }).click()
  await expect.element(seen).toHaveAttribute('src', expect.stringContaining("id='scribble'"))
  const end = card.getByRole('slider', { name: /^End of/ })
  end.element().focus()
  await userEvent.keyboard('{ArrowLeft}{ArrowLeft}')
  await generate()
  expect(sent()?.controls).toEqual([
    { id: 'canny', image: INPUT.id, preprocessor: 'scribble', fit: 'crop', weight: 1, start: 0, end: 0.98 },
  ])
})

test('an image prompt takes a dropped picture', async () => {
  const { screen, add, choose, sent, generate } = await openStudio()
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json(INPUT)))
  await add('Image prompt')
  await choose('ip-adapter_sd15')
  const data = new DataTransfer()
  data.items.add(new File(['bytes'], 'a.png', { type: 'image/png' }))
  const slot = screen.getByRole('button', { name: 'Choose the picture for ip-adapter_sd15' })
  for (const type of ['dragenter', 'dragover', 'drop']) {
    slot.element().dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }))
  }
  await expect
    .element(screen.getByRole('button', { name: 'Change the picture for ip-adapter_sd15' }))
    .toBeInTheDocument()
  await generate()
  expect(sent()?.imagePrompts).toEqual([{ id: 'ip', image: INPUT.id, weight: 1, start: 0, end: 1 }])
  expect(sent()?.init).toBeNull()
})

test('autoencoder, CLIP skip and refiner are chosen, summed up and put back', async () => {
  const { screen, add, sent, generate } = await openStudio()
  await screen.getByRole('button', { name: /^Advanced/ }).click()
  await screen.getByRole('combobox', { name: 'Autoencoder' }).click()
  await screen.getByRole('option', { name: 'vae-ft-mse' }).click()
  await screen.getByRole('combobox', { name: 'CLIP skip' }).click()
  await screen.getByRole('option', { name: /^2/ }).click()
  await add('Refiner')
  await generate()
  expect(sent()).toMatchObject({ vae: 'sharp', clipSkip: 2, refiner: { model: 'refine', start: 0.8 } })
  await screen.getByRole('button', { name: /^Advanced/ }).click()
  await expect.element(screen.getByText('vae-ft-mse · CLIP skip 2')).toBeVisible()
  await screen.getByRole('button', { name: /^Advanced/ }).click()
  await screen.getByRole('button', { name: 'Reset autoencoder' }).click()
  await screen.getByRole('button', { name: 'Reset clip skip' }).click()
  await screen.getByRole('button', { name: 'Remove the refiner' }).click()
  await generate()
  expect(sent()).not.toHaveProperty('vae')
  expect(sent()).not.toHaveProperty('clipSkip')
  expect(sent()).not.toHaveProperty('refiner')
})

test('a U-Net takes the place of the model’s, with the fields that it was distilled for, and can be taken back', async () => {
  const defaults = { steps: 4, guidanceScale: 1, sampler: 'euler', schedule: 'trailing' } as const
  const unet = part({ id: 'swift', kind: 'unet', name: 'swift_4step_unet', families: [], defaults })
  const other = part({ id: 'large', kind: 'unet', name: 'large_unet', families: ['sdxl'] })
  const { screen, sent, generate } = await openStudio([unet, other])
  await screen.getByRole('button', { name: /^Advanced/ }).click()
  await screen.getByRole('combobox', { name: 'U-Net' }).click()
  await expect.element(screen.getByRole('option', { name: /^large_unet/ })).toBeDisabled()
  await screen.getByRole('option', { name: 'swift_4step_unet' }).click()
  await generate()
  expect(sent()).toMatchObject({ unet: 'swift', ...defaults })
  await screen.getByRole('button', { name: 'Reset u-net' }).click()
  await generate()
  expect(sent()).not.toHaveProperty('unet')
})

test('what the studio refuses of a part is told at its row', async () => {
  const { screen, add, choose, enqueue, generate } = await openStudio()
  await add('LoRA')
  await choose('Ink wash')
  enqueue.mockImplementation(() => {
    throw new StudioError('model-missing', 'ink: expected 12 layers, found 11', { field: 'request.loras.0.id' })
  })
  await generate()
  const row = screen.getByRole('group', { name: 'Ink wash' })
  await expect.element(row.getByText('Ink: expected 12 layers, found 11.')).toBeVisible()
})

test('settings of a picture bring its parts back; one that is gone is named and told', async () => {
  const made = picture(1, { request: request({ prompt: 'fox 1', loras: [{ id: 'gold-0123456789ab', weight: 1 }] }) })
  const { screen } = await openStudio(LIBRARY, [made])
  await screen.getByRole('button', { name: 'Use these settings' }).click()
  await expect.element(screen.getByText('gold (missing)')).toBeVisible()
  await expect.element(screen.getByText('The library no longer has it.')).toBeVisible()
})

test('a library without a LoRA says where one goes', async () => {
  const { screen, add } = await openStudio([])
  await add('LoRA')
  await expect.element(screen.getByText(/There is no LoRA in the library yet/)).toBeVisible()
  await screen.getByRole('button', { name: 'Go to Models' }).click()
  await expect.element(screen.getByRole('main', { name: 'Models' })).toBeVisible()
})

test('a model that edits asks for a picture and says why; then how closely it keeps to it is a field', async () => {
  const { screen, enqueue } = await openStudio(
    LIBRARY,
    [picture(1)],
    [model({ id: 'starter', name: 'Pix', input: 'instruct' })],
  )
  await expect.element(screen.getByText('Pix edits a picture by what the prompt tells it to do.')).toBeVisible()
  await screen.getByRole('button', { name: 'Generate' }).click()
  await expect.element(screen.getByText('It needs a picture to edit.').first()).toBeVisible()
  expect(enqueue).not.toHaveBeenCalled()
  await screen.getByRole('button', { name: 'Use as start picture' }).click()
  await screen.getByRole('spinbutton', { name: 'Closeness to the picture' }).fill('2')
  await screen.getByRole('button', { name: 'Generate' }).click()
  await expect
    .poll(() => enqueue.mock.lastCall?.[0].request)
    .toMatchObject({
      imageGuidanceScale: 2,
      init: { id: INPUT.id, strength: 1 },
    })
})

test('a model that repaints says that it wants a picture and a mask', async () => {
  const { screen } = await openStudio(LIBRARY, [], [model({ id: 'starter', name: 'Painter', input: 'inpaint' })])
  await expect.element(screen.getByText(/Painter repaints the masked part of a picture/)).toBeVisible()
})
