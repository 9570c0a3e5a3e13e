import { expect, test } from './fixtures.ts'
import { CreateRoom } from './rooms.ts'

test('a first start has a picture one click later', async ({ page }) => {
  const create = new CreateRoom(page)
  await expect(page.getByRole('heading', { name: 'What do you want to see?' })).toBeVisible()
  await page.getByRole('button', { name: 'a red apple' }).click()
  await expect(create.progress).toBeVisible()
  await create.expectShown('a red apple')
  await expect(create.picture('a red apple')).toHaveCount(1)
})

test('a picture forms on the canvas, lies in the strip and is there after a reload and a restart', async ({
  studio,
}) => {
  const prompt = 'a rocket at night'
  let create = new CreateRoom(studio.page)
  // Enough that a look at the progress meets one of them.
  await create.set('Steps', 60)
  await create.prompt.fill(prompt)
  await create.generate.click()
  await expect(create.progress).toHaveAttribute('aria-valuetext', /^Step \d+ of 60/)
  await create.expectShown(prompt)
  await expect(create.progress).toBeHidden()
  await expect(create.picture(prompt)).toHaveCount(1)

  await studio.page.reload()
  await expect(create.picture(prompt)).toHaveCount(1)

  await studio.restart()
  create = new CreateRoom(studio.page)
  await create.picture(prompt).click()
  await create.expectShown(prompt)
  await expect(create.canvas.getByText('60 steps')).toBeVisible()
})

test('the same seed makes the same picture, and its settings can be used again', async ({ page }) => {
  const create = new CreateRoom(page)
  const bytes = (): Promise<string> =>
    create.canvas.getByRole('img', { name: 'a red heart', exact: true }).evaluate(async (image) => {
      const pixels = await createImageBitmap(image as HTMLImageElement)
      const canvas = new OffscreenCanvas(pixels.width, pixels.height)
      canvas.getContext('2d')?.drawImage(pixels, 0, 0)
      const digest = await crypto.subtle.digest('SHA-256', await (await canvas.convertToBlob()).arrayBuffer())
      return [...new Uint8Array(digest)].join()
    })
  await create.set('Seed', 4711)
  await create.make('a red heart', 3)
  const first = await bytes()

  await create.set('Seed', 4712)
  await create.make('a red heart', 3)
  await expect(create.picture('a red heart')).toHaveCount(2)
  expect(await bytes()).not.toBe(first)

  await create.picture('a red heart').last().click()
  await expect(create.canvas.getByText('seed 4711')).toBeVisible()
  await create.canvas.getByRole('button', { name: 'Use these settings' }).click()
  await expect(create.field('Seed')).toHaveValue('4711')
  await create.generate.click()
  await expect(create.picture('a red heart')).toHaveCount(3)
  await create.expectShown('a red heart')
  expect(await bytes()).toBe(first)
})

test('cancel stops the picture before its steps are done', async ({ page }) => {
  const create = new CreateRoom(page)
  await create.set('Steps', 400)
  await create.prompt.fill('a castle in the hills')
  await create.generate.click()
  await expect(create.progress).toHaveAttribute('aria-valuetext', /^Step \d+ of 400/)
  await page.keyboard.press('Escape')
  await expect(create.canvas.getByText('Cancelled.')).toBeVisible()
  await expect(create.pictures).toHaveCount(0)

  await create.make('a castle in the hills')
})

test('several pictures wait in the queue while the prompt stays editable', async ({ page }) => {
  const create = new CreateRoom(page)
  await create.set('Steps', 6)
  await create.set('Number of pictures', 2)
  await create.prompt.fill('a snowman')
  await create.generate.click()
  await create.set('Number of pictures', 1)
  await create.prompt.fill('a penguin')
  await expect(create.generate).toHaveText(/Add to queue/)
  await create.generate.click()
  await expect(create.picture('a snowman')).toHaveCount(2)
  await expect(create.picture('a penguin')).toHaveCount(1)
})

test.describe('a bad value is told at its field', () => {
  for (const [field, value, group, complaint] of [
    ['Width', 130, 'Size', 'Expected a multiple of 8 pixels, found 130.'],
    ['Height', 8192, 'Size', 'Expected 4,096 or less, found 8,192.'],
    ['Steps', 0, 'Steps', 'Expected 1 or more, found 0.'],
    ['Seed', 2 ** 53, 'Seed', 'Expected 9,007,199,254,740,991 or less, found 9,007,199,254,740,992.'],
  ] as const) {
    test(`${field} ${value}`, async ({ page }) => {
      const create = new CreateRoom(page)
      await create.prompt.fill('a sunflower')
      await create.set(field, value)
      await create.generate.click()
      await expect(page.getByRole('group', { name: group, exact: true }).getByText(complaint)).toBeVisible()
      await expect(create.field(field)).toHaveAttribute('aria-invalid', 'true')
      await expect(create.field(field)).toHaveAccessibleDescription(complaint)
      await expect(create.pictures).toHaveCount(0)
    })
  }
})

test('a prompt longer than one chunk is counted and works', async ({ page }) => {
  const create = new CreateRoom(page)
  const prompt = Array.from({ length: 40 }, () => 'a red apple on grass').join(', ')
  await create.prompt.fill(prompt)
  await expect(page.getByText(/Beyond \d+ tokens; read as chunk 2/)).toBeVisible()
  await create.make(prompt)
})
