import { expect, test } from 'vitest'
import { userEvent } from 'vitest/browser'
import type { ImageId } from '../../main/contract/image.ts'
import { firstInSight, focused, openGallery, scrollTo } from '../fixtures/gallery-room.ts'

test('the grid is a grid of all pictures, of which it draws those in sight', async () => {
  const { grid } = await openGallery(100_000)
  await expect.element(grid).toHaveAttribute('aria-multiselectable', 'true')
  const columns = Number(grid.element().getAttribute('aria-colcount'))
  expect(columns).toBeGreaterThan(3)
  await expect.element(grid).toHaveAttribute('aria-rowcount', String(Math.ceil(100_000 / columns)))
  await expect.poll(() => grid.getByRole('gridcell').elements().length).toBeGreaterThan(columns)
  expect(grid.getByRole('gridcell').elements().length).toBeLessThan(300)
})

test('one cell is a tab stop; arrows, Page and Home and End go through all pictures', async () => {
  const { grid, cell, focusOn } = await openGallery(100_000)
  await expect.poll(() => grid.element().querySelectorAll('[role=gridcell][tabindex="0"]').length).toBe(1)
  const columns = Number(grid.element().getAttribute('aria-colcount'))
  await focusOn(100_000)
  await userEvent.keyboard('{ArrowRight}{ArrowDown}')
  await expect.poll(focused).toBe(`fox ${100_000 - 1 - columns}`)
  await userEvent.keyboard('{ArrowLeft}{ArrowUp}')
  await expect.poll(focused).toBe('fox 100000')
  await userEvent.keyboard('{PageDown}')
  await expect.poll(focused).not.toBe('fox 100000')
  await userEvent.keyboard('{End}')
  await expect.poll(focused).toBe('fox 1')
  await expect.element(cell(1)).toBeInViewport()
  await userEvent.keyboard('{Home}')
  await expect.poll(focused).toBe('fox 100000')
})

test('the focus stays in the grid when its cell is scrolled out of sight', async () => {
  const { cell, focusOn } = await openGallery(2000)
  await focusOn(2000)
  scrollTo(20_000)
  await expect.element(cell(2000)).not.toBeInViewport()
  await userEvent.keyboard('{ArrowRight}')
  await expect.poll(focused).toBe('fox 1999')
  await expect.element(cell(1999)).toBeInViewport()
})

test('what was scrolled to and selected is there again after a visit to another room, and new pictures move nothing', async () => {
  const { cell, screen, add } = await openGallery(2000)
  await cell(2000).click({ modifiers: ['Control'] })
  scrollTo(20_000)
  await expect.poll(firstInSight).toMatch(/^fox 1\d\d\d$/)
  const seen = firstInSight()
  await screen.getByRole('button', { name: /^Queue/ }).click()
  await screen.getByRole('button', { name: /^Gallery/ }).click()
  await expect.poll(firstInSight).toBe(seen)
  await expect.element(screen.getByText('1 of 2,000 selected')).toBeVisible()

  const columns = Number(document.querySelector('[role=grid]')?.getAttribute('aria-colcount'))
  for (let number = 2001; number <= 2000 + columns; number++) add(number)
  await expect.element(screen.getByText(`1 of ${(2000 + columns).toLocaleString()} selected`)).toBeVisible()
  await expect.poll(firstInSight).toBe(seen)
})

test('only what comes to rest in sight is asked for', async () => {
  const { asked, grid } = await openGallery(100_000)
  await expect.poll(() => grid.getByRole('gridcell').elements().length).toBeGreaterThan(0)
  for (let step = 1; step <= 20; step++) {
    scrollTo(step * 50_000)
    await new Promise(requestAnimationFrame)
  }
  await expect.element(grid.getByRole('gridcell', { name: /^fox / }).first()).toBeInTheDocument()
  const wanted = asked.filter(({ name }) => name === 'gallery.details').map(({ input }) => (input as ImageId[]).length)
  expect(Math.max(...wanted)).toBeLessThanOrEqual(200)
  expect(wanted.reduce((sum, count) => sum + count, 0)).toBeLessThan(600)
})
