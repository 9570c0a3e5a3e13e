import { expect, expectNoViolations, test } from './fixtures.ts'
import { CreateRoom, goTo } from './rooms.ts'

test('pictures are found by words, starred, opened and kept over a restart', async ({ studio }) => {
  const { page } = studio
  const create = new CreateRoom(page)
  await create.make('a penguin on ice')
  await create.make('a castle in the hills')
  await create.canvas.getByRole('button', { name: 'Star', exact: true }).click()

  await goTo(page, 'Gallery')
  const gallery = page.getByRole('grid', { name: 'Gallery' }).getByRole('gridcell')
  await expect(gallery).toHaveCount(2)
  await page.getByRole('searchbox', { name: 'Search prompts' }).fill('peng')
  await expect(gallery).toHaveCount(1)
  await expect(gallery).toHaveAccessibleName(/^a penguin on ice/)
  await page.getByRole('searchbox', { name: 'Search prompts' }).fill('walrus')
  await expect(page.getByText('No picture fits.')).toBeVisible()
  await page.getByRole('searchbox', { name: 'Search prompts' }).clear()
  await page.getByRole('button', { name: 'Starred only' }).click()
  await expect(gallery).toHaveCount(1)
  await expect(gallery).toHaveAccessibleName(/^a castle in the hills/)

  await studio.restart()
  await goTo(studio.page, 'Gallery')
  await expect(studio.page.getByRole('grid', { name: 'Gallery' }).getByRole('gridcell')).toHaveCount(2)
})

test('the detail view tells every parameter and hands the settings back', async ({ page }) => {
  const create = new CreateRoom(page)
  await create.set('Seed', 99)
  await create.make('a penguin on ice', 3)
  await create.make('a castle in the hills')

  await goTo(page, 'Gallery')
  const gallery = page.getByRole('grid', { name: 'Gallery' }).getByRole('gridcell')
  await gallery.last().focus()
  await page.keyboard.press('Enter')
  const detail = page.getByRole('article', { name: 'a penguin on ice' })
  const parameters = detail.getByRole('complementary', { name: 'Parameters' })
  await expect(parameters.getByText('99', { exact: true })).toBeVisible()
  await expect(parameters.getByText('128 × 128')).toBeVisible()
  await expectNoViolations(page, 'the detail view')
  await parameters.getByRole('button', { name: 'Copy parameters' }).click()
  await expect(create.messages.getByText('Parameters copied')).toBeVisible()

  await detail.getByRole('button', { name: 'Previous picture' }).click()
  await expect(page.getByRole('article', { name: 'a castle in the hills' })).toBeVisible()
  await page.keyboard.press('ArrowRight')
  await parameters.getByRole('button', { name: 'Use these settings' }).click()
  await expect(page.getByRole('main', { name: 'Create' })).toBeVisible()
  await expect(create.prompt).toHaveValue('a penguin on ice')
  await expect(create.field('Seed')).toHaveValue('99')
  await expect(create.field('Steps')).toHaveValue('3')
})

test('a deleted picture is gone until it is undone', async ({ page }) => {
  const create = new CreateRoom(page)
  await create.make('a red balloon')
  await create.canvas.getByRole('button', { name: 'Delete' }).click()
  await expect(create.pictures).toHaveCount(0)
  await create.messages.getByRole('button', { name: 'Undo' }).click()
  await expect(create.picture('a red balloon')).toHaveCount(1)
  await create.picture('a red balloon').click()
  await create.expectShown('a red balloon')
})
