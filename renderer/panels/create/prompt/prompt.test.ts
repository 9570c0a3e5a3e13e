import { beforeEach, expect, test, vi } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { render } from 'vitest-browser-svelte'
import type { CallInput, Handlers } from '../../../../main/contract/calls.ts'
import { StudioError } from '../../../../main/contract/failure.ts'
import App from '../../../App.svelte'
import { job, picture, request, scriptedStudio } from '../../../fixtures/scripted-transport.ts'

beforeEach(async () => {
  localStorage.clear()
  await page.viewport(1280, 800)
})

/** The window over a studio that takes every request. */
async function openStudio(handlers: Partial<Handlers> = {}, pictures = [picture(1)]) {
  const enqueue = vi.fn((_input: CallInput<'queue.enqueue'>) => [job().id])
  const studio = scriptedStudio(pictures, { 'queue.enqueue': enqueue, ...handlers })
  const screen = await render(App, { transport: studio.transport })
  const prompt = screen.getByRole('textbox', { name: 'Prompt', exact: true })
  const sent = async () => {
    await screen.getByRole('button', { name: 'Generate' }).click()
    return enqueue.mock.lastCall?.[0]
  }
  return { ...studio, screen, prompt, sent }
}

const style = (screen: Awaited<ReturnType<typeof openStudio>>['screen']) =>
  screen.getByRole('combobox', { name: 'How weights are written' })

test('a new prompt is written as the settings say, and its words are tinted where they have a weight', async () => {
  const { screen, prompt, sent, asked } = await openStudio()
  await expect.element(style(screen)).toHaveTextContent('AUTOMATIC1111')
  await prompt.fill('a (red:1.3) fox')
  await expect.poll(() => document.querySelector('[data-weighted]')?.textContent).toBe('(red:1.3)')
  await expect
    .poll(() => asked)
    .toContainEqual({
      name: 'models.countTokens',
      input: { model: 'starter', text: 'a (red:1.3) fox', style: 'a1111' },
    })
  expect((await sent())?.request).toMatchObject({ promptStyle: 'a1111' })
  await style(screen).click()
  await screen.getByRole('option', { name: /^Words only/ }).click()
  expect(document.querySelector('[data-weighted]')).toBeNull()
  expect((await sent())?.request).not.toHaveProperty('promptStyle')
})

test('Ctrl+Up and Ctrl+Down change the weight of the selected words, which stay selected', async () => {
  const { prompt } = await openStudio()
  await prompt.fill('a red fox')
  const field = prompt.element() as HTMLTextAreaElement
  field.setSelectionRange(2, 9)
  await userEvent.keyboard('{Control>}{ArrowUp}{/Control}')
  await expect.element(prompt).toHaveValue('a (red fox:1.1)')
  await userEvent.keyboard('{Control>}{ArrowUp}{/Control}')
  await expect.element(prompt).toHaveValue('a (red fox:1.2)')
  await userEvent.keyboard('{Control>}{ArrowDown}{/Control}')
  await userEvent.keyboard('{Control>}{ArrowDown}{/Control}')
  await expect.element(prompt).toHaveValue('a red fox')
  expect(field.value.slice(field.selectionStart, field.selectionEnd)).toBe('red fox')
})

test('what the style cannot read is told at the prompt', async () => {
  const { prompt } = await openStudio({
    'models.countTokens': ({ text }) => {
      if (text.includes('1.2.3')) {
        throw new StudioError('invalid-request', 'expected a weight such as 1.2, found "1.2.3"', {
          field: 'request.prompt',
        })
      }
      return { tokens: 1, chunkTokens: 75, chunkStarts: [0] }
    },
  })
  await prompt.fill('a (fox:1.2.3)')
  await expect.element(prompt).toHaveAccessibleDescription('Expected a weight such as 1.2, found "1.2.3".')
  await prompt.fill('a (fox:1.2)')
  await expect.element(prompt).not.toHaveAccessibleDescription()
})

test('choices in a prompt are made unless that is turned off; the switch is there when they are', async () => {
  const { screen, prompt, sent } = await openStudio()
  const choices = screen.getByRole('switch', { name: 'Make choices' })
  await prompt.fill('a red fox')
  await expect.element(choices).not.toBeInTheDocument()
  expect(await sent()).not.toHaveProperty('isTemplate')
  await prompt.fill('a {red|blue} fox')
  expect(await sent()).toMatchObject({ isTemplate: true, request: { prompt: 'a {red|blue} fox' } })
  await choices.click()
  expect(await sent()).not.toHaveProperty('isTemplate')
})

test('wildcards are offered by name after two underscores', async () => {
  const { screen, prompt } = await openStudio({ 'prompts.wildcards': () => ['animals/wild', 'colours'] })
  await prompt.click()
  await userEvent.keyboard('a __')
  await expect.element(screen.getByRole('option', { name: '__colours__' })).toBeVisible()
  await userEvent.keyboard('wi')
  await userEvent.keyboard('{ArrowDown}{Enter}')
  await expect.element(prompt).toHaveValue('a __animals/wild__')
})

test('a picture’s settings bring its template back with its choices to be made', async () => {
  const template = { prompt: 'a {red|blue} fox', negativePrompt: '' }
  const made = picture(1, { request: request({ prompt: 'a red fox', template }) })
  const { screen, prompt } = await openStudio({}, [made])
  await screen.getByRole('gridcell', { name: 'a red fox' }).click()
  await userEvent.keyboard('u')
  await expect.element(prompt).toHaveValue('a {red|blue} fox')
  await expect.element(screen.getByRole('switch', { name: 'Make choices' })).toBeChecked()
})
