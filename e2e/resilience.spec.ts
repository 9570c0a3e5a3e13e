import { expect, test } from './fixtures.ts'
import { CreateRoom, goTo } from './rooms.ts'

test('when the process that computes is killed, the job fails with the reason and the next one works', async ({
  page,
  studio,
}) => {
  const create = new CreateRoom(page)
  await create.set('Steps', 400)
  await create.prompt.fill('a house')
  await create.generate.click()
  await expect(create.progress).toHaveAttribute('aria-valuetext', /^Step \d+ of 400/)
  await studio.killEngine()
  await expect(create.canvas.getByText(/The process that computes pictures ended/)).toBeVisible()

  await goTo(page, 'Queue')
  await expect(page.getByRole('region', { name: /^Failed/ })).toBeVisible()
  await goTo(page, 'Create')
  await create.make('a house')
})

test('a job that was under way when the studio ended goes on at the next start', async ({ studio }) => {
  const create = new CreateRoom(studio.page)
  await create.set('Steps', 60)
  await create.prompt.fill('a house')
  await create.generate.click()
  await expect(create.progress).toHaveAttribute('aria-valuetext', /^Step \d+ of 60/)
  await studio.restart()
  await expect(new CreateRoom(studio.page).picture('a house')).toHaveCount(1, { timeout: 90_000 })
})
