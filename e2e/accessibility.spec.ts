import type { Page } from '@playwright/test'
import { expect, expectNoViolations, test } from './fixtures.ts'
import { CreateRoom, goTo, ROOMS } from './rooms.ts'

for (const theme of ['Light', 'Dark'] as const) {
  test(`no room has an accessibility violation, empty or full, in the theme ${theme}`, async ({ page }) => {
    await goTo(page, 'Settings')
    await page.getByRole('radiogroup', { name: 'Theme' }).getByRole('radio', { name: theme }).click()
    await expect(page.getByRole('radio', { name: theme })).toBeChecked()
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset['theme'])).toBe(theme.toLowerCase())

    for (const room of ROOMS) {
      await goTo(page, room)
      await expectNoViolations(page, `${room}, empty`)
    }
    await goTo(page, 'Create')
    await new CreateRoom(page).make('a sunflower')
    for (const room of ROOMS) {
      await goTo(page, room)
      await expectNoViolations(page, `${room}, with a picture`)
    }
  })
}

test('the palette, the parameters and an error have no violation either', async ({ page }) => {
  const create = new CreateRoom(page)
  await create.make('a red apple')
  await create.canvas.getByRole('button', { name: 'All parameters' }).click()
  await expect(page.getByText('Made with')).toBeVisible()
  await expectNoViolations(page, 'the parameters')
  await page.keyboard.press('Escape')
  await create.set('Width', 130)
  await create.generate.click()
  await expectNoViolations(page, 'Create with an error')
  await page.keyboard.press('ControlOrMeta+k')
  await expect(page.getByRole('dialog', { name: 'All commands' })).toBeVisible()
  await expectNoViolations(page, 'the palette')
})

test('a picture is made, starred and deleted with the keyboard alone', async ({ page }) => {
  const create = new CreateRoom(page)
  await expect(create.prompt).toBeVisible()
  await tabTo(page, 'Prompt')
  await page.keyboard.type('a red heart')
  await tabTo(page, 'Steps')
  await page.keyboard.type('2')
  await page.keyboard.press('ControlOrMeta+Enter')
  await create.expectShown('a red heart')

  await tabTo(page, 'a red heart')
  await page.keyboard.press('s')
  await expect(create.pictures).toHaveAccessibleName('a red heart, starred')
  await page.keyboard.press('Delete')
  await expect(create.pictures).toHaveCount(0)
  await expect(create.messages.getByRole('button', { name: 'Undo' })).toBeVisible()
  await page.keyboard.press('ControlOrMeta+z')
  await expect(create.pictures).toHaveCount(1)

  for (const [index, room] of ROOMS.entries()) {
    await page.keyboard.press(`ControlOrMeta+${index + 1}`)
    await expect(page.getByRole('main', { name: room })).toBeVisible()
  }
})

test('the system’s theme is followed until another is chosen', async ({ page }) => {
  const scheme = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  await page.emulateMedia({ colorScheme: 'dark' })
  const dark = await scheme()
  await page.emulateMedia({ colorScheme: 'light' })
  expect(await scheme()).not.toBe(dark)
  await goTo(page, 'Settings')
  await page.getByRole('radio', { name: 'Dark' }).click()
  await expect.poll(scheme).toBe(dark)
  await page.reload()
  await expect.poll(scheme).toBe(dark)
})

/** Moves on with Tab until the control of that name has the focus, as a person without a pointer does. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 80; presses++) {
    await page.keyboard.press('Tab')
    const focused = await page.evaluate(() => {
      const element = document.activeElement
      const label = element instanceof HTMLTextAreaElement ? element.labels[0]?.textContent : null
      return (element?.getAttribute('aria-label') ?? label ?? element?.textContent ?? '').trim()
    })
    if (focused === name) return
  }
  throw new Error(`expected Tab to reach "${name}", found no such control in 80 presses`)
}

test('the folds of the Create room have no violation when they are open', async ({ page }) => {
  const create = new CreateRoom(page)
  await create.prompt.fill('a (red:1.2) {fox|cat}')
  for (const fold of ['Sampling', 'Guidance options', 'Seed options', 'Advanced']) {
    await page.getByRole('button', { name: new RegExp(`^${fold}`) }).click()
  }
  for (const option of ['Dynamic thresholding', 'Variation', 'As in a picture of another size']) {
    await page.getByRole('switch', { name: option }).click()
  }
  await page.getByRole('combobox', { name: 'Levels as in' }).click()
  await page.getByRole('option', { name: /^Custom/ }).click()
  await expect(page.getByRole('combobox', { name: 'Last step ends' })).toBeVisible()
  await expectNoViolations(page, 'the folds')
})
