import { expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { focused, openGallery } from '../fixtures/gallery-room.ts'

test('words find prompts, stars filter, and a search without an answer leads back to all', async () => {
  const { search, screen, grid, focusOn } = await openGallery(30)
  await search.fill('fox 2')
  await expect.element(screen.getByText('11 found')).toBeVisible()
  await screen.getByRole('radio', { name: 'Oldest' }).click()
  await expect.poll(() => grid.getByRole('gridcell').elements()[0]?.getAttribute('aria-label')).toBe('fox 2')
  await search.fill('walrus')
  await expect.element(screen.getByRole('heading', { name: 'No picture fits.' })).toBeVisible()
  await screen.getByRole('button', { name: 'Show all pictures' }).click()
  await expect.element(screen.getByText('30 pictures')).toBeVisible()

  await focusOn(5)
  await userEvent.keyboard('s')
  await screen.getByRole('button', { name: 'Starred only' }).click()
  await expect.poll(() => grid.getByRole('gridcell').elements().length).toBe(1)
})

test('Down leads from the search line into what was found', async () => {
  const { search } = await openGallery(30)
  await search.fill('fox 17')
  await expect.element(page.getByText('1 found')).toBeVisible()
  await userEvent.keyboard('{ArrowDown}')
  await expect.poll(focused).toBe('fox 17')
})

test('an empty gallery leads to Create', async () => {
  const { screen } = await openGallery(0)
  await screen.getByRole('button', { name: 'Make the first one' }).click()
  await expect.element(screen.getByRole('textbox', { name: 'Prompt', exact: true })).toBeVisible()
})

test('Ctrl+F leads to the search line, from the grid and from an open picture', async () => {
  const { search, cell, focusOn, picture: open } = await openGallery(30)
  await focusOn(30)
  await userEvent.keyboard('{Control>}f{/Control}')
  await expect.element(search).toHaveFocus()
  await cell(29).click()
  await expect.element(open).toBeVisible()
  await userEvent.keyboard('{Control>}f{/Control}')
  await expect.element(search).toHaveFocus()
})
