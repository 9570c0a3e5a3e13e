import type { Page } from '@playwright/test'
import sharp from 'sharp'
import { expect, expectNoViolations, test } from './fixtures.ts'
import { CreateRoom } from './rooms.ts'

const SIDE_PX = 128
/** Rings around what is painted, in which the mask's soft edge still counts. */
const SOFT_PX = 16

/** A picture of the built-in model's own size, every pixel of which is another. */
async function gradient(): Promise<Buffer> {
  const pixels = Uint8Array.from({ length: SIDE_PX * SIDE_PX * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % SIDE_PX, Math.floor(i / 3 / SIDE_PX)]
    return [2 * x, 2 * y, 128][i % 3] ?? 0
  })
  return sharp(pixels, { raw: { width: SIDE_PX, height: SIDE_PX, channels: 3 } })
    .png()
    .toBuffer()
}

async function startFrom(page: Page, png: Buffer): Promise<void> {
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Start from a picture' }).click()
  await (await chooser).setFiles({ name: 'gradient.png', mimeType: 'image/png', buffer: png })
  await expect(page.getByRole('button', { name: 'Show the start picture' })).toBeVisible()
}

/** Paints across the left half of the picture that is on the stage, from its middle to its edge. */
async function paintLeft(page: Page): Promise<void> {
  const stage = page.getByRole('application', { name: /^Mask/ })
  const box = await stage.getByRole('img', { name: 'Painted on' }).boundingBox()
  if (!box) throw new Error('expected the start picture on the stage, found none')
  const at = (x: number, y: number): [number, number] => [box.x + box.width * x, box.y + box.height * y]
  await page.mouse.move(...at(0.25, 0.5))
  await page.mouse.down()
  await page.mouse.move(...at(0.05, 0.5), { steps: 5 })
  await page.mouse.up()
}

test('what is painted is made anew and the rest of the start picture stays to the pixel', async ({ page }) => {
  const create = new CreateRoom(page)
  const start = await gradient()
  await startFrom(page, start)
  await create.canvas.getByRole('button', { name: 'Paint a mask' }).click()
  await paintLeft(page)
  await expectNoViolations(page, 'painting a mask')
  await page.getByRole('button', { name: 'Done' }).click()
  await expect(page.getByRole('radiogroup', { name: 'The masked part starts from' })).toBeVisible()
  await create.set('Strength', 1)
  await create.make('a red apple', 4)
  await expect(create.canvas.getByText('strength 1, masked')).toBeVisible()

  const before = await pixels(start)
  const after = await pixels(await pictureOnCanvas(create, 'a red apple'))
  const { changed, kept } = differences(before, after)
  expect(changed, 'painted pixels that changed').toBeGreaterThan(100)
  expect(kept, 'largest difference far from what was painted').toBe(0)
})

test('after a restart, the settings of a picture bring its mask back to paint on', async ({ page, studio }) => {
  const create = new CreateRoom(page)
  await startFrom(page, await gradient())
  await create.canvas.getByRole('button', { name: 'Paint a mask' }).click()
  await paintLeft(page)
  await create.make('a red apple', 2)
  await studio.restart()
  const again = studio.page
  const remove = again.getByRole('button', { name: 'Remove the mask' })
  await expect(new CreateRoom(again).pictures).toHaveCount(1)
  await new CreateRoom(again).pictures.first().click()
  await expect(remove).toBeHidden()
  await again.getByRole('button', { name: 'Use these settings' }).click()
  await expect(remove).toBeVisible()
  await again.getByRole('button', { name: 'Paint on the mask' }).click()
  await expect(again.getByRole('application', { name: /^Mask/ })).toBeVisible()
})

async function pictureOnCanvas({ canvas, page }: CreateRoom, prompt: string): Promise<Buffer> {
  const address = await canvas.getByRole('img', { name: prompt, exact: true }).getAttribute('src')
  const bytes = await page.evaluate(async (url) => {
    const response = await fetch(url)
    return [...new Uint8Array(await response.arrayBuffer())]
  }, address ?? '')
  return Buffer.from(bytes)
}

function pixels(png: Buffer): Promise<Buffer> {
  return sharp(png).removeAlpha().raw().toBuffer()
}

/** How many pixels of the painted stripe differ, and by how much any pixel differs that lies well outside of it. */
function differences(before: Buffer, after: Buffer): { changed: number; kept: number } {
  let changed = 0
  let kept = 0
  for (let i = 0; i < before.length; i++) {
    const [x, y] = [Math.floor(i / 3) % SIDE_PX, Math.floor(i / 3 / SIDE_PX)]
    const difference = Math.abs((before[i] ?? 0) - (after[i] ?? 0))
    const isPainted = x < SIDE_PX / 4 && Math.abs(y - SIDE_PX / 2) < 4
    const isFar = x > SIDE_PX / 4 + 3 * SOFT_PX || Math.abs(y - SIDE_PX / 2) > 3 * SOFT_PX
    if (isPainted && difference > 0) changed++
    if (isFar) kept = Math.max(kept, difference)
  }
  return { changed, kept }
}
