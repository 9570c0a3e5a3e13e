import { beforeEach, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { render } from 'vitest-browser-svelte'
import type { Handlers } from '../../main/contract/calls.ts'
import { StudioError } from '../../main/contract/failure.ts'
import { Settings } from '../../main/contract/settings.ts'
import App from '../App.svelte'
import { job, model, picture, scriptedStudio } from '../fixtures/scripted-transport.ts'

beforeEach(async () => {
  localStorage.clear()
  delete document.documentElement.dataset['theme']
  await page.viewport(1280, 800)
})

async function openRoom(number: number, handlers: Partial<Handlers> = {}) {
  const studio = scriptedStudio([picture(1)], handlers)
  const screen = await render(App, { transport: studio.transport })
  await expect.element(screen.getByRole('textbox', { name: 'Prompt', exact: true })).toBeVisible()
  await userEvent.keyboard(`{Control>}${number}{/Control}`)
  return { ...studio, screen }
}

test('the queue shows what runs, what waits and what failed with the reason, and can cancel and try again', async () => {
  const id = (number: number) => `10000000-0000-4000-8000-00000000000${number}`
  const failure = { code: 'model-missing', message: 'expected the model "lost", found none' } as const
  const { screen, asked } = await openRoom(3, {
    'queue.list': () => [
      job({ id: id(1), state: 'failed', failure }),
      job({ id: id(2), state: 'running' }),
      job({ id: id(3) }),
      job({
        id: id(4),
        state: 'done',
        imageId: picture(1).id,
        startedAt: 0,
        finishedAt: 2500,
        note: 'the model heard no words',
      }),
    ],
    'queue.cancel': () => undefined,
    'queue.retry': () => id(5),
    'queue.clearFinished': () => undefined,
  })
  const failed = screen.getByRole('region', { name: /^Failed/ })
  await expect.element(failed.getByText('Expected the model "lost", found none.')).toBeVisible()
  await expect.element(screen.getByText('Done in 3 s')).toBeVisible()
  await expect.element(screen.getByText('The model heard no words.')).toBeVisible()
  await failed.getByRole('button', { name: 'Try again' }).click()
  await expect.poll(() => asked).toContainEqual({ name: 'queue.retry', input: id(1) })
  await screen
    .getByRole('region', { name: /^Waiting/ })
    .getByRole('button', { name: 'Cancel' })
    .click()
  await expect.poll(() => asked).toContainEqual({ name: 'queue.cancel', input: id(3) })
  await screen.getByRole('button', { name: 'Clear finished' }).click()
  await expect.poll(() => asked.map(({ name }) => name)).toContain('queue.clearFinished')
})

test('the rail says how many jobs are still to go', async () => {
  const { screen, tell } = await openRoom(1)
  tell({ name: 'job.changed', payload: job({ state: 'running' }) })
  await expect.element(screen.getByRole('button', { name: 'Queue, 1 to go' })).toBeVisible()
  tell({ name: 'job.changed', payload: job({ state: 'cancelled' }) })
  await expect.element(screen.getByRole('button', { name: 'Queue', exact: true })).toBeVisible()
})

test('where no folder can be chosen its path is typed, and a bad one is refused at the field', async () => {
  const { screen } = await openRoom(4, {
    'studio.info': () => ({
      version: '1.0.0',
      shell: 'browser',
      platform: 'test',
      runtime: 'test',
      galleryFolder: '/gallery',
      dataFolder: '/data',
      canChooseFolder: false,
      canRevealFile: false,
    }),
    'models.addFolder': (path) => {
      throw new StudioError('not-found', `expected a folder at ${path}, found nothing`)
    },
  })
  const field = screen.getByRole('textbox', { name: 'Add a folder' })
  await field.fill('/nowhere')
  await userEvent.keyboard('{Enter}')
  await expect.element(field).toHaveAccessibleDescription('Expected a folder at /nowhere, found nothing.')
})

test('the theme is set at once and kept by the studio; settings are found by the words of their reason', async () => {
  const { screen, asked } = await openRoom(5, {
    'settings.change': (patch) => ({ ...Settings.parse({}), theme: patch.theme ?? 'system' }),
  })
  await screen.getByRole('radio', { name: 'Dark' }).click()
  await expect.poll(() => document.documentElement.dataset['theme']).toBe('dark')
  await expect.poll(() => asked).toContainEqual({ name: 'settings.change', input: { theme: 'dark' } })
  await screen.getByRole('searchbox', { name: 'Search the settings' }).fill('memory')
  await expect.element(screen.getByRole('switch', { name: 'Guidance in one batch' })).toBeVisible()
  await expect.element(screen.getByRole('radio', { name: 'Dark' })).not.toBeInTheDocument()
})

test('a model folder that is removed can be brought back', async () => {
  const { screen, asked } = await openRoom(5, {
    'settings.get': () => Settings.parse({ modelFolders: ['/models'] }),
    'models.removeFolder': () => [model()],
    'models.addFolder': () => [model()],
  })
  await screen.getByRole('button', { name: 'Remove /models' }).click()
  await screen.getByRole('button', { name: 'Undo' }).click()
  await expect.poll(() => asked).toContainEqual({ name: 'models.addFolder', input: '/models' })
})

test('the palette finds commands by other words for them too, and runs the one that is chosen', async () => {
  const { screen } = await openRoom(3)
  await userEvent.keyboard('{Control>}k{/Control}')
  const palette = screen.getByRole('dialog', { name: 'All commands' })
  const words = palette.getByRole('combobox')
  await words.fill('appearance')
  await expect
    .poll(() =>
      palette
        .getByRole('option')
        .elements()
        .map((option) => option.textContent.trim()),
    )
    .toEqual(['Theme: as the system', 'Theme: light', 'Theme: dark'])
  await words.fill('keyboard short')
  await expect.element(palette.getByRole('option', { selected: true })).toMatchTextContent(/^Keyboard shortcuts/)
  await userEvent.keyboard('{Enter}')
  await expect.element(screen.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
  await expect.element(palette).not.toBeInTheDocument()
})

test('keys of a picture do nothing in rooms where it is not seen', async () => {
  const { asked } = await openRoom(5, { 'gallery.trash': () => undefined })
  const before = asked.length
  await userEvent.keyboard('{Delete}s')
  expect(asked.slice(before)).toEqual([])
})

test('a panel is resized from the keyboard and is as wide again after a reload', async () => {
  const { screen } = await openRoom(1)
  const splitter = screen.getByRole('separator', { name: 'Width of the controls' })
  splitter.element().focus()
  await userEvent.keyboard('{ArrowRight}')
  const wider = splitter.element().getAttribute('aria-valuenow')
  await screen.unmount()
  const again = await openRoom(1)
  const restored = again.screen.getByRole('separator', { name: 'Width of the controls' })
  await expect.element(restored).toHaveAttribute('aria-valuenow', wider ?? '')
  await restored.dblClick()
  await expect.element(restored).not.toHaveAttribute('aria-valuenow', wider ?? '')
})

test('a studio that does not answer is said, with a way to ask again', async () => {
  let isBroken = true
  const { transport } = scriptedStudio([], {
    'models.list': () => {
      if (isBroken) throw new StudioError('disk-full', 'expected room on the disk, found none')
      return [model()]
    },
  })
  const screen = await render(App, { transport })
  await expect.element(screen.getByRole('alert')).toMatchTextContent(/Expected room on the disk, found none\./)
  isBroken = false
  await screen.getByRole('button', { name: 'Try again' }).click()
  await expect.element(screen.getByRole('textbox', { name: 'Prompt', exact: true })).toBeVisible()
})
