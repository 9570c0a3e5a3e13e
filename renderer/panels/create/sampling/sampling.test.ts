import { beforeEach, expect, test, vi } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { render } from 'vitest-browser-svelte'
import type { CallInput } from '../../../../main/contract/calls.ts'
import { StudioError } from '../../../../main/contract/failure.ts'
import { LEVEL_CONVENTIONS } from '../../../../main/contract/sampling.ts'
import App from '../../../App.svelte'
import { job, scriptedStudio } from '../../../fixtures/scripted-transport.ts'

beforeEach(async () => {
  localStorage.clear()
  await page.viewport(1280, 800)
})

/** The window over a studio that takes every request, with a fold of the left column open. */
async function openFold(name: string) {
  const enqueue = vi.fn((_input: CallInput<'queue.enqueue'>) => [job().id])
  const studio = scriptedStudio([], { 'queue.enqueue': enqueue })
  const screen = await render(App, { transport: studio.transport })
  await screen.getByRole('button', { name: new RegExp(`^${name}`) }).click()
  const choose = async (field: string, option: string) => {
    await screen.getByRole('combobox', { name: field, exact: true }).click()
    // The name goes on with what is to be expected of it.
    await screen
      .getByRole('option', { name: new RegExp(`^${option}`) })
      .first()
      .click()
  }
  const type = async (field: string, value: string) => {
    await screen.getByRole('spinbutton', { name: field, exact: true }).fill(value)
    await userEvent.keyboard('{Enter}')
  }
  const generated = async () => {
    await screen.getByRole('button', { name: 'Generate' }).click()
    return enqueue.mock.lastCall?.[0].request
  }
  return { screen, enqueue, choose, type, generated }
}

test('a schedule that makes no sense with the sampler is not offered and says why; a chosen one gives way', async () => {
  const { screen, choose } = await openFold('Sampling')
  await choose('Schedule', 'Karras')
  await choose('Sampler', 'PLMS')
  const schedule = screen.getByRole('combobox', { name: 'Schedule' })
  await expect.element(schedule).toHaveTextContent('Normal')
  await expect.element(screen.getByText(/^Normal instead of Karras: this sampler/)).toBeVisible()
  await schedule.click()
  const karras = screen.getByRole('option', { name: 'Karras This sampler was derived for timesteps of equal length.' })
  await expect.element(karras).toHaveAttribute('aria-disabled', 'true')
})

test('options are there while the sampler heeds them, and at their start they are not sent', async () => {
  const { screen, choose, type, generated } = await openFold('Sampling')
  const eta = screen.getByRole('spinbutton', { name: 'Fresh noise (eta)' })
  await choose('Sampler', 'LMS')
  await expect.element(eta).not.toBeInTheDocument()
  await choose('Sampler', 'Euler ancestral')
  await expect.element(eta).toHaveValue('1.00')
  await type('Fresh noise (eta)', '0.5')
  expect(await generated()).toMatchObject({ sampling: { eta: 0.5 } })
  await screen.getByRole('button', { name: 'Reset fresh noise (eta)' }).click()
  expect(await generated()).not.toHaveProperty('sampling')
})

test('churn has its range once there is some', async () => {
  const { screen, choose, type, generated } = await openFold('Sampling')
  await choose('Sampler', 'Heun')
  await expect.element(screen.getByRole('spinbutton', { name: 'Lowest sigma with churn' })).not.toBeInTheDocument()
  await type('Churn (s_churn)', '20')
  await type('Lowest sigma with churn', '0.1')
  expect(await generated()).toMatchObject({ sampling: { churn: { amount: 20, sigmaMin: 0.1 } } })
})

test('levels are as in another program, or each difference by itself', async () => {
  const { screen, choose, generated } = await openFold('Sampling')
  await choose('Levels as in', 'AUTOMATIC1111, ComfyUI')
  expect((await generated())?.sampling).toEqual({ levels: LEVEL_CONVENTIONS['k-diffusion'] })
  await choose('Levels as in', 'Custom')
  await choose('Last step ends', 'At the table’s lowest level')
  expect((await generated())?.sampling).toEqual({
    levels: { ...LEVEL_CONVENTIONS['k-diffusion'], finalLevel: 'table' },
  })
  await screen.getByRole('button', { name: 'Reset levels as in' }).click()
  expect(await generated()).not.toHaveProperty('sampling')
})

test('what the network outputs is the model’s own until it is told otherwise', async () => {
  const { choose, generated } = await openFold('Sampling')
  expect(await generated()).not.toHaveProperty('predictionType')
  await choose('The network outputs', 'Noise')
  expect(await generated()).toMatchObject({ predictionType: 'epsilon' })
})

test('a refused option is told at its field, whose fold opens', async () => {
  const { screen, enqueue, choose } = await openFold('Sampling')
  await choose('Sampler', 'Euler ancestral')
  const fold = screen.getByRole('button', { name: /^Sampling/ })
  await fold.click()
  await expect.element(fold).toHaveAttribute('aria-expanded', 'false')
  enqueue.mockImplementation(() => {
    throw new StudioError('invalid-request', 'expected an eta of 0, found 1', { field: 'request.sampling.eta' })
  })
  await screen.getByRole('button', { name: 'Generate' }).click()
  await expect
    .element(screen.getByRole('spinbutton', { name: 'Fresh noise (eta)' }))
    .toHaveAccessibleDescription('Expected an eta of 0, found 1.')
})

test('guidance is rescaled, spans some of the steps, is perturbed and thresholded', async () => {
  const { screen, type, generated } = await openFold('Guidance options')
  await type('Rescale', '0.7')
  await type('Perturbed attention', '3')
  screen
    .getByRole('slider', { name: /The steps with guidance/ })
    .first()
    .element()
    .focus()
  await userEvent.keyboard('{ArrowRight}')
  await screen.getByRole('switch', { name: 'Dynamic thresholding' }).click()
  await type('Contrast as of guidance', '5')
  expect((await generated())?.guidance).toEqual({
    rescale: 0.7,
    perturbedAttention: 3,
    start: 0.01,
    thresholding: { mimicScale: 5, quantile: 1 },
  })
})

test('a seed’s noise has a source, a variation and another picture’s size', async () => {
  const { screen, choose, type, generated } = await openFold('Seed options')
  expect(await generated()).not.toHaveProperty('noise')
  await choose('Random numbers of', 'Processor')
  await screen.getByRole('switch', { name: 'Variation' }).click()
  await type('Variation seed', '9')
  await type('Variation strength', '0.25')
  await screen.getByRole('switch', { name: 'As in a picture of another size' }).click()
  await type('Width of the other picture', '256')
  expect(await generated()).toMatchObject({
    noise: 'torch-cpu',
    variation: { seed: 9, strength: 0.25 },
    seedSize: { widthPx: 256, heightPx: 128 },
  })
})
