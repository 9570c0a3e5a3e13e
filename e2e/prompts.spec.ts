import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from './fixtures.ts'
import { CreateRoom, goTo } from './rooms.ts'

test('a prompt with weights and choices makes pictures that keep their template, and can be verified', async ({
  page,
  home,
}) => {
  const create = new CreateRoom(page)
  const folder = path.join(home, 'wildcards')
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'place.txt'), 'at night\n')

  await create.set('Steps', 2)
  await create.prompt.fill('a fox')
  await create.prompt.press('Control+ArrowUp')
  await expect(create.prompt).toHaveValue('a (fox:1.1)')
  await create.prompt.fill('a (fox:1.1) {by day|by day} ')
  await create.prompt.press('End')
  await create.prompt.pressSequentially('__pl')
  await page.getByRole('option', { name: '__place__' }).click()
  const template = 'a (fox:1.1) {by day|by day} __place__'
  await expect(create.prompt).toHaveValue(template)
  await expect(page.getByRole('switch', { name: 'Make choices' })).toBeChecked()
  await create.generate.click()
  const made = 'a (fox:1.1) by day at night'
  await create.expectShown(made)

  await goTo(page, 'Gallery')
  await page.getByRole('gridcell', { name: made, exact: true }).click()
  await expect(page.getByText(template, { exact: true })).toBeVisible()
  await page.getByRole('button', { name: /^Made with/ }).click()
  await page.getByRole('button', { name: 'Verify' }).click()
  await expect(page.getByText('The same file, byte for byte.')).toBeVisible()
  await page.getByRole('button', { name: 'Use these settings' }).click()
  await expect(create.prompt).toHaveValue(template)
  await expect(page.getByRole('switch', { name: 'Make choices' })).toBeChecked()
})
