import { expect, test } from './fixtures.ts'
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
