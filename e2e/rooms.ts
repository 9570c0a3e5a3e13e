import { expect, type Locator, type Page } from '@playwright/test'

export const ROOMS = ['Create', 'Gallery', 'Queue', 'Models', 'Settings'] as const
export type RoomName = (typeof ROOMS)[number]

/** Goes to a room by the rail. */
export async function goTo(page: Page, room: RoomName): Promise<void> {
  await page
    .getByRole('navigation', { name: 'Rooms' })
    .getByRole('button', { name: new RegExp(`^${room}`) })
    .click()
  await expect(page.getByRole('main', { name: room })).toBeVisible()
}

/** The room of creating as a person finds things in it: by role and name. */
export class CreateRoom {
  readonly page: Page
  readonly prompt: Locator
  readonly generate: Locator
  readonly canvas: Locator
  readonly progress: Locator
  readonly pictures: Locator
  readonly messages: Locator

  constructor(page: Page) {
    this.page = page
    this.prompt = page.getByRole('textbox', { name: 'Prompt', exact: true })
    this.generate = page.getByRole('button', { name: /^(Generate|Add .*to queue)/ })
    this.canvas = page.getByRole('region', { name: 'Canvas' })
    this.progress = page.getByRole('progressbar', { name: 'Progress' })
    this.pictures = page.getByRole('grid', { name: 'Pictures, newest first' }).getByRole('gridcell')
    this.messages = page.getByRole('region', { name: 'Messages' })
  }

  field(name: string): Locator {
    return this.page.getByRole('spinbutton', { name, exact: true })
  }

  /** Types a number and leaves the field. */
  async set(name: string, value: number): Promise<void> {
    await this.field(name).fill(String(value))
    await this.field(name).press('Tab')
  }

  /** The strip's cell of a finished picture. */
  picture(prompt: string): Locator {
    return this.pictures.and(this.page.getByLabel(prompt, { exact: true }))
  }

  /** Makes a picture and waits until it is on the canvas, decoded. */
  async make(prompt: string, steps = 2): Promise<void> {
    await this.set('Steps', steps)
    await this.prompt.fill(prompt)
    await this.generate.click()
    await this.expectShown(prompt)
  }

  /** The canvas shows a finished picture of this prompt. */
  async expectShown(prompt: string): Promise<void> {
    const picture = this.canvas.getByRole('img', { name: prompt, exact: true })
    await expect(this.canvas.getByRole('toolbar', { name: 'Picture' })).toBeVisible()
    await expect(picture).toBeVisible()
    await expect
      .poll(() =>
        picture.evaluate((image) => image instanceof HTMLImageElement && image.complete && image.naturalWidth),
      )
      .toBeGreaterThan(0)
  }
}
