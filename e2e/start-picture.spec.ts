import type { JSHandle, Page } from '@playwright/test'
import sharp from 'sharp'
import { expect, test } from './fixtures.ts'
import { CreateRoom } from './rooms.ts'

/** A PNG as a person might drop it: another shape than the model's, with a plain subject. */
function sunset(): Promise<Buffer> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="320" height="200"><rect width="320" height="200" fill="#f4a259"/>
    <rect y="120" width="320" height="80" fill="#2d6a4f"/><circle cx="160" cy="110" r="44" fill="#d62828"/></svg>`
  return sharp(Buffer.from(svg)).png().toBuffer()
}

/** A drag or a copy that carries the picture, as the browser hands it to a page. */
async function carrying(page: Page, png: Buffer): Promise<JSHandle<DataTransfer>> {
  return page.evaluateHandle((base64) => {
    const transfer = new DataTransfer()
    const file = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
    transfer.items.add(new File([file], 'sunset.png', { type: 'image/png' }))
    return transfer
  }, png.toString('base64'))
}

test('a picture dropped on the canvas becomes the start of a new one, to compare with', async ({ page }) => {
  const create = new CreateRoom(page)
  const dataTransfer = await carrying(page, await sunset())
  const target = page.getByRole('heading', { name: 'What do you want to see?' })
  for (const type of ['dragenter', 'dragover', 'drop']) await target.dispatchEvent(type, { dataTransfer })

  await expect(create.canvas.getByRole('img', { name: 'The start picture' })).toBeVisible()
  await create.set('Strength', 0.5)
  await create.make('a sunset', 4)
  await expect(create.canvas.getByText('strength 0.5')).toBeVisible()

  await create.canvas.getByRole('button', { name: 'Compare with the start picture' }).click()
  await expect(create.canvas.getByRole('img', { name: 'Before' })).toBeVisible()
  await expect(create.canvas.getByRole('slider', { name: 'How much of the start picture is shown' })).toBeVisible()
})

test('a picture pasted from the clipboard becomes the start too', async ({ page }) => {
  const create = new CreateRoom(page)
  const clipboardData = await carrying(page, await sunset())
  await clipboardData.evaluate((data) => {
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
  })
  await expect(create.canvas.getByRole('img', { name: 'The start picture' })).toBeVisible()
})

test('a picture is dragged from the strip back to the canvas', async ({ page }) => {
  const create = new CreateRoom(page)
  await create.make('a sailboat')
  await create.picture('a sailboat').dragTo(create.canvas)
  await expect(create.canvas.getByRole('img', { name: 'The start picture' })).toBeVisible()
})

test('a picture of the gallery becomes the start of the next', async ({ page }) => {
  const create = new CreateRoom(page)
  await create.make('a sailboat')
  await create.canvas.getByRole('button', { name: 'Use as start picture' }).click()
  await expect(create.canvas.getByRole('img', { name: 'The start picture' })).toBeVisible()
  await create.make('a sailboat at night', 4)
  await expect(create.picture('a sailboat at night')).toHaveCount(1)
})

test('a file that is no picture is refused in words, and the studio goes on', async ({ page }) => {
  const create = new CreateRoom(page)
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Start from a picture' }).click()
  await (await chooser).setFiles({ name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('no picture at all') })
  await expect(create.messages.getByRole('alert')).toContainText(/picture/i)
  await create.make('a red apple')
})
