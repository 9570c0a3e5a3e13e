import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
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

test('a half-finished picture survives kill -9 and goes on to the same bytes', async ({ studio }) => {
  const create = new CreateRoom(studio.page)
  await create.set('Seed', 5)
  await create.make('a house', 200)
  await create.set('Seed', 5)
  await create.generate.click()
  await expect(create.progress).toHaveAttribute('aria-valuetext', /^Step [1-9]\d+ of 200/)
  await studio.restart('by kill -9')
  await expect(new CreateRoom(studio.page).picture('a house')).toHaveCount(2, { timeout: 90_000 })

  const gallery = path.join(studio.home, 'gallery')
  const files = readdirSync(gallery, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.png'))
  const [whole, resumed] = files.map((name) => readFileSync(path.join(gallery, name)))
  expect(files).toHaveLength(2)
  expect(resumed?.equals(whole ?? Buffer.alloc(0))).toBe(true)
  expect(readFileSync(path.join(studio.home, 'logs', 'studio.log'), 'utf8')).toMatch(/goes on after step \d+ of 200/)
  expect(readdirSync(path.join(studio.home, 'runs'))).toEqual([])
})

test('a job that was under way when the studio was closed goes on at the next start', async ({ studio }) => {
  const create = new CreateRoom(studio.page)
  await create.set('Steps', 60)
  await create.prompt.fill('a house')
  await create.generate.click()
  await expect(create.progress).toHaveAttribute('aria-valuetext', /^Step \d+ of 60/)
  await studio.restart()
  await expect(new CreateRoom(studio.page).picture('a house')).toHaveCount(1, { timeout: 90_000 })
})
