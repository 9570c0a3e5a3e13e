import { expect, test } from 'vitest'
import { userEvent } from 'vitest/browser'
import { focused, openGallery, selected } from '../fixtures/gallery-room.ts'
import { picture } from '../fixtures/scripted-transport.ts'

test('Space, Shift and Ctrl+A select; Escape clears', async () => {
  const { screen, focusOn } = await openGallery(30)
  await focusOn(30)
  await userEvent.keyboard(' ')
  await expect.poll(selected).toEqual(['fox 30'])
  await userEvent.keyboard('{Shift>}{ArrowRight}{ArrowRight}{ArrowLeft}{/Shift}')
  await expect.poll(selected).toEqual(['fox 30', 'fox 29'])
  await userEvent.keyboard('{Control>}a{/Control}')
  await expect.element(screen.getByText('30 of 30 selected')).toBeVisible()
  await userEvent.keyboard('{Escape}')
  await expect.poll(selected).toEqual([])
})

test('a click with Ctrl selects one, with Shift a range, and then a plain click selects too', async () => {
  const { cell } = await openGallery(30)
  await cell(29).click({ modifiers: ['Control'] })
  await cell(26).click({ modifiers: ['Shift'] })
  await expect.poll(selected).toEqual(['fox 29', 'fox 28', 'fox 27', 'fox 26'])
  await cell(28).click()
  await expect.poll(selected).toEqual(['fox 29', 'fox 27', 'fox 26'])
})

test('Delete moves the selection to the trash, the keyboard to the next picture, and Undo brings all back', async () => {
  const { cell, screen, grid, focusOn } = await openGallery(12)
  await focusOn(11)
  await userEvent.keyboard(' {Shift>}{ArrowRight}{/Shift}{Delete}')
  await expect.element(cell(11)).not.toBeInTheDocument()
  await expect.poll(focused).toBe('fox 9')
  await expect.element(screen.getByText('2 pictures moved to the trash')).toBeVisible()
  await screen.getByRole('button', { name: 'Undo', exact: true }).click()
  await expect.poll(() => grid.getByRole('gridcell').elements().length).toBe(12)
  await expect.element(cell(11)).toHaveAttribute('aria-selected', 'false')
})

test('S stars the picture under the keyboard; with a selection those that have no star, and undo takes back just these', async () => {
  const { cell, asked, grid, focusOn } = await openGallery(3)
  await focusOn(3)
  await userEvent.keyboard('s')
  await expect.element(grid.getByRole('gridcell', { name: 'fox 3, starred' })).toBeVisible()
  await userEvent.keyboard('{Control>}a{/Control}s')
  await expect.element(grid.getByRole('gridcell', { name: 'fox 1, starred' })).toBeVisible()
  const stars = () => asked.filter(({ name }) => name === 'gallery.star').map(({ input }) => input)
  expect(stars().at(-1)).toEqual({ ids: [picture(2).id, picture(1).id], isStarred: true })
  await userEvent.keyboard('{Control>}z{/Control}')
  await expect.element(cell(1)).toBeVisible()
  await expect.element(grid.getByRole('gridcell', { name: 'fox 3, starred' })).toBeVisible()
})

test('a menu on a cell has its commands; in a selection those for all of it', async () => {
  const { cell, screen } = await openGallery(5)
  await cell(4).click({ button: 'right' })
  await expect.element(screen.getByRole('menuitem', { name: /^Use these settings/ })).toBeVisible()
  await userEvent.keyboard('{Escape}')
  await cell(4).click({ modifiers: ['Control'] })
  await cell(2).click({ modifiers: ['Shift'] })
  await cell(3).click({ button: 'right' })
  await expect.element(screen.getByRole('menuitem', { name: /^Delete 3 pictures/ })).toBeVisible()
})
