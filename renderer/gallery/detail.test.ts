import { expect, test, vi } from 'vitest'
import { userEvent } from 'vitest/browser'
import { StudioError } from '../../main/contract/failure.ts'
import { LEVEL_CONVENTIONS } from '../../main/contract/sampling.ts'
import type { Verification } from '../../main/contract/verification.ts'
import { part, picture } from '../fixtures/scripted-transport.ts'
import { firstInSight, focused, openGallery, scrollTo } from '../fixtures/gallery-room.ts'

test('Enter opens a picture with all it was made with; arrows go on, Escape goes back to its cell', async () => {
  const { picture: open, screen, focusOn } = await openGallery(30)
  await focusOn(30)
  await userEvent.keyboard('{Enter}')
  await expect.element(open).toHaveAccessibleName('fox 30')
  await expect.element(screen.getByText('1 of 30')).toBeVisible()
  for (const fact of ['Model', 'Seed', 'Steps', 'Guidance', 'Sampler', 'Schedule', 'Size', 'Made', 'Took', 'File']) {
    await expect
      .element(open.getByRole('button', { name: `Copy ${fact.toLowerCase()}`, exact: true }))
      .toBeInTheDocument()
  }
  await userEvent.keyboard('{ArrowRight}{ArrowRight}{ArrowLeft}')
  await expect.element(open).toHaveAccessibleName('fox 29')
  await userEvent.keyboard('{End}')
  await expect.element(open).toHaveAccessibleName('fox 1')
  await userEvent.keyboard('{Escape}')
  await expect.poll(focused).toBe('fox 1')
})

test('deleting the open picture shows the next one, and undo brings it back to the list', async () => {
  const { cell, picture: open, screen } = await openGallery(3)
  await cell(2).click()
  await userEvent.keyboard('{Delete}')
  await expect.element(open).toHaveAccessibleName('fox 1')
  await expect.element(screen.getByText('2 of 2')).toBeVisible()
  await userEvent.keyboard('{Control>}z{/Control}')
  await expect.element(screen.getByText('3 of 3')).toBeVisible()
})

test('the picture is zoomed by keys: fitted, actual size, in and out', async () => {
  const { cell, screen } = await openGallery(3)
  await cell(3).click()
  const fit = screen.getByRole('button', { name: 'Fit the picture' })
  await expect.element(fit).toHaveAttribute('aria-pressed', 'true')
  await userEvent.keyboard('1')
  await expect.element(screen.getByRole('button', { name: 'Actual size, now 100%' })).toBeVisible()
  await userEvent.keyboard('++-')
  await expect.element(screen.getByRole('button', { name: 'Actual size, now 141%' })).toBeVisible()
  await userEvent.keyboard('0')
  await expect.element(fit).toHaveAttribute('aria-pressed', 'true')
})

test('its settings are used in Create', async () => {
  const { cell, screen } = await openGallery(3)
  await cell(2).click()
  await screen.getByRole('button', { name: 'Use these settings' }).click()
  await expect.element(screen.getByRole('textbox', { name: 'Prompt', exact: true })).toHaveValue('fox 2')
  await expect.element(screen.getByRole('spinbutton', { name: 'Seed' })).toHaveValue('2')
})

test('going back leaves the grid where it was, or goes to the picture that was reached', async () => {
  const { cell, picture: open } = await openGallery(2000)
  scrollTo(20_000)
  await expect.poll(firstInSight).toMatch(/^fox 1\d\d\d$/)
  const seen = firstInSight() ?? ''
  await cell(Number(seen.slice(4)) - 10).click()
  await expect.element(open).toBeVisible()
  await userEvent.keyboard('{Escape}')
  await expect.poll(firstInSight).toBe(seen)
  await userEvent.keyboard('{Enter}{End}{Escape}')
  await expect.poll(focused).toBe('fox 1')
  await expect.element(cell(1)).toBeInViewport()
})

test('what joined the model is listed by name, and what the library no longer has is told as missing', async () => {
  const picture = 'c'.repeat(64)
  const { cell, screen, tell } = await openGallery(1, {
    loras: [
      { id: 'ink', weight: 0.8, textWeight: 0.4 },
      { id: 'gold-0123456789ab', weight: 1 },
    ],
    controls: [{ id: 'edges', image: picture, preprocessor: 'canny', fit: 'crop', weight: 1, start: 0, end: 0.5 }],
    refiner: { model: 'starter', start: 0.8 },
    clipSkip: 2,
    init: { id: picture, strength: 0.6, fit: 'crop', mask: { id: picture, blurPx: 4, fill: 'noise', paddingPx: 32 } },
  })
  tell({
    name: 'parts.changed',
    payload: [part({ id: 'ink', name: 'Ink wash' }), part({ id: 'edges', name: 'Edges' })],
  })
  await cell(1).click()
  for (const text of [
    'Ink wash · 0.8 · words 0.4',
    'gold (missing) · 1',
    'Edges · canny · 1 · 0%–50%',
    'Starter · from 80%',
    'from noise alone · softness 4 · only the area, 32 px around',
  ]) {
    await expect.element(screen.getByText(text)).toBeInTheDocument()
  }
})

test('what was used otherwise than by default is listed, and what was not is left out', async () => {
  const { cell, screen } = await openGallery(1, {
    template: { prompt: 'fox {1|2}', negativePrompt: '' },
    promptStyle: 'comfyui',
    sampling: {
      eta: 0.5,
      churn: { amount: 20, sigmaMin: 0.1 },
      levels: LEVEL_CONVENTIONS['k-diffusion'],
    },
    guidance: { rescale: 0.7, end: 0.8, thresholding: { mimicScale: 5, quantile: 0.99 } },
    noise: 'torch-cpu',
    variation: { seed: 9, strength: 0.2 },
    seedSize: { widthPx: 256, heightPx: 128 },
  })
  await cell(1).click()
  for (const text of [
    'fox {1|2}',
    'ComfyUI',
    '0.5',
    '20 · sigma 0.1 to ∞',
    'AUTOMATIC1111, ComfyUI',
    '0.7',
    '0%–80%',
    'as of 5 · quantile 0.99',
    'Processor',
    '9 · 0.2',
    '256 × 128',
  ]) {
    await expect.element(screen.getByText(text, { exact: true })).toBeInTheDocument()
  }
  await expect.element(screen.getByText('Noise scale')).not.toBeInTheDocument()
})

test('a picture is verified: what it was made with, and whether it is the same', async () => {
  const { origin } = picture(1)
  const busy = Promise.withResolvers<Verification>()
  const verify = vi.fn(() => busy.promise)
  const { cell, screen } = await openGallery(1, {}, { 'gallery.verify': verify })
  await cell(1).click()
  await screen.getByRole('button', { name: /^Made with/ }).click()
  await screen.getByRole('button', { name: 'Verify' }).click()
  await expect.element(screen.getByRole('button', { name: 'Stop verifying' })).toBeVisible()
  busy.resolve({
    isSameFile: false,
    layers: [{ layer: 'noise', isSame: false }],
    firstDifference: 'noise',
    pixels: { largest: 12, mean: 0.5 },
    then: origin,
    now: { ...origin, runtime: 'another' },
  })
  await expect.element(screen.getByText(/^The two part at the first noise\./)).toBeVisible()
  await expect.element(screen.getByText('Made with runtime test, now another.')).toBeVisible()
  verify.mockImplementation(() => {
    throw new StudioError('invalid-request', 'A picture is being made; verify this one when that is done')
  })
  await screen.getByRole('button', { name: 'Verify' }).click()
  await expect.element(screen.getByText('A picture is being made; verify this one when that is done.')).toBeVisible()
})
