import type { Page } from '@playwright/test'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, expectNoViolations, test } from './fixtures.ts'
import { CreateRoom, goTo } from './rooms.ts'

/** A safetensors file of zeros. */
function writeTensors(file: string, shapes: Record<string, readonly number[]>): void {
  let end = 0
  const header = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const start = end
      end += 2 * shape.reduce((product, side) => product * side, 1)
      return [name, { dtype: 'F16', shape, data_offsets: [start, end] }]
    }),
  )
  const json = JSON.stringify(header)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, Buffer.concat([length, Buffer.from(json), Buffer.alloc(end)]))
}

const ATTENTION = 'lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k'

function writeLora(folder: string, name: string, contextWidth: number): void {
  writeTensors(path.join(folder, `${name}.safetensors`), {
    [`${ATTENTION}.lora_down.weight`]: [2, contextWidth],
    [`${ATTENTION}.lora_up.weight`]: [320, 2],
  })
}

function writeControlNet(folder: string, name: string): void {
  writeTensors(path.join(folder, `${name}.safetensors`), {
    'control_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight': [320, 768],
    'control_model.zero_convs.0.0.weight': [4, 4, 1, 1],
  })
}

/** The library has looked at what was just written. */
async function refresh(page: Page): Promise<void> {
  await page.keyboard.press('ControlOrMeta+k')
  await page.getByPlaceholder('What do you want to do?').fill('Look for models again')
  await page.keyboard.press('Enter')
}

async function add(page: Page, what: RegExp): Promise<void> {
  await page.getByRole('button', { name: 'Add…' }).click()
  await page.getByRole('menuitem', { name: what }).click()
}

for (const theme of ['Light', 'Dark'] as const) {
  test(`parts are added, weighed and seen without a violation, in the theme ${theme}`, async ({ page, home }) => {
    writeLora(path.join(home, 'models', 'Lora'), 'ink', 768)
    writeLora(path.join(home, 'models', 'Lora'), 'large', 2048)
    writeControlNet(path.join(home, 'models', 'ControlNet'), 'edges')
    await goTo(page, 'Settings')
    await page.getByRole('radiogroup', { name: 'Theme' }).getByRole('radio', { name: theme }).click()
    await goTo(page, 'Create')
    const create = new CreateRoom(page)
    await create.make('a sunflower')
    await refresh(page)

    await page.getByRole('button', { name: 'Add…' }).click()
    await expect(page.getByRole('menuitem', { name: /^LoRA.* 2 in the library/ })).toBeVisible()
    await expectNoViolations(page, 'the menu of parts')
    await page.getByRole('menuitem', { name: /^LoRA/ }).click()
    await expect(page.getByRole('option', { name: /^large/ })).toBeDisabled()
    await expectNoViolations(page, 'the picker')
    await page.getByRole('option', { name: /^ink/ }).click()
    await page.getByRole('button', { name: 'More of ink' }).click()
    await add(page, /^Control/)
    await page.getByRole('option', { name: /^edges/ }).click()
    await page.getByRole('button', { name: 'Use the picture on the canvas' }).click()
    await expect(page.getByRole('img', { name: 'What the network sees' })).toBeVisible()
    await page.getByRole('button', { name: /^Advanced/ }).click()
    await expectNoViolations(page, 'Create with parts')
  })
}

test('a LoRA that is gone is told at its row, and nothing is lost', async ({ page, home }) => {
  writeLora(path.join(home, 'models', 'Lora'), 'ink', 768)
  const create = new CreateRoom(page)
  await expect(create.prompt).toBeVisible()
  await refresh(page)
  // A name becomes a row once the window has heard of the LoRA, which may be after the look that found it.
  await expect(async () => {
    await create.prompt.fill('')
    await create.prompt.fill('a fox, <lora:ink:0.5>')
    await expect(create.prompt).toHaveValue('a fox', { timeout: 1000 })
  }).toPass()
  await expect(page.getByRole('spinbutton', { name: 'Weight of ink' })).toHaveValue('0.50')
  rmSync(path.join(home, 'models', 'Lora', 'ink.safetensors'))
  await refresh(page)
  await expect(page.getByText('ink (missing)')).toBeVisible()
  await expect(page.getByText('The library no longer has it.')).toBeVisible()
})
