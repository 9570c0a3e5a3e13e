import { beforeEach, expect, test, vi } from 'vitest'
import { userEvent } from 'vitest/browser'
import { render } from 'vitest-browser-svelte'
import NumberField from './NumberField.svelte'

const onchange = vi.fn<(value: number) => void>()

beforeEach(() => {
  onchange.mockReset()
})

/** A field that shows what it was last told, as in a form. */
async function field(props: { value?: number; step?: number; decimals?: number; defaultValue?: number } = {}) {
  const settings = { label: 'Steps', value: 25, min: 1, max: 500, ...props, onchange }
  const screen = await render(NumberField, settings)
  onchange.mockImplementation((value) => void screen.rerender({ ...settings, value }))
  return screen.getByRole('spinbutton', { name: 'Steps' })
}

test('what is typed counts on Enter, and out of bounds too, so that the form can say so', async () => {
  const steps = await field()
  await steps.fill('600')
  expect(onchange).not.toHaveBeenCalled()
  await userEvent.keyboard('{Enter}')
  expect(onchange).toHaveBeenLastCalledWith(600)
  await expect.element(steps).toHaveAttribute('aria-valuenow', '600')
})

test('a decimal comma is a decimal point, and words change nothing', async () => {
  const guidance = await field({ value: 4, decimals: 1 })
  await guidance.fill('7,5')
  await userEvent.keyboard('{Enter}')
  expect(onchange).toHaveBeenLastCalledWith(7.5)
  await guidance.fill('many')
  await userEvent.tab()
  expect(onchange).toHaveBeenCalledOnce()
  await expect.element(guidance).toHaveValue('7.5')
})

test.each([
  ['{ArrowUp}', 26],
  ['{ArrowDown}', 24],
  ['{Shift>}{ArrowUp}{/Shift}', 35],
  ['{Shift>}{ArrowDown}{/Shift}', 15],
  ['{PageUp}', 35],
])('%s steps from 25 to %i', async (keys, expected) => {
  const steps = await field()
  await steps.click()
  await userEvent.keyboard(keys)
  expect(onchange).toHaveBeenLastCalledWith(expected)
})

test('keys stay inside the bounds and on the grid of the step', async () => {
  const width = await field({ value: 130, step: 8 })
  await width.click()
  await userEvent.keyboard('{ArrowUp}')
  expect(onchange).toHaveBeenLastCalledWith(136)
  await userEvent.keyboard('{Shift>}{ArrowDown}{ArrowDown}{/Shift}')
  expect(onchange).toHaveBeenLastCalledWith(1)
})

test('Escape puts back what was there when the field was entered, and only then goes on to the window', async () => {
  const escape = vi.fn()
  window.addEventListener('keydown', escape)
  const steps = await field()
  await steps.click()
  await userEvent.keyboard('{ArrowUp}{ArrowUp}')
  escape.mockReset()
  await userEvent.keyboard('{Escape}')
  expect(onchange).toHaveBeenLastCalledWith(25)
  expect(escape).not.toHaveBeenCalled()
  await userEvent.keyboard('{Escape}')
  expect(escape).toHaveBeenCalledOnce()
  window.removeEventListener('keydown', escape)
})

test('a double click goes back to the default', async () => {
  const steps = await field({ value: 90, defaultValue: 25 })
  await steps.dblClick()
  expect(onchange).toHaveBeenLastCalledWith(25)
})

test('the wheel steps when the field has the focus, and else scrolls the page', async () => {
  const steps = await field()
  const wheel = (deltaY: number, shiftKey = false) =>
    steps.element().dispatchEvent(new WheelEvent('wheel', { deltaY, shiftKey, bubbles: true, cancelable: true }))
  expect(wheel(-100)).toBe(true)
  expect(onchange).not.toHaveBeenCalled()
  await steps.click()
  expect(wheel(-100)).toBe(false)
  expect(onchange).toHaveBeenLastCalledWith(26)
  await expect.element(steps).toHaveValue('26')
  wheel(100, true)
  expect(onchange).toHaveBeenLastCalledWith(16)
})

test('a sideways drag steps without taking the focus; a click takes it', async () => {
  const steps = await field()
  const input = steps.element() as HTMLInputElement
  input.setPointerCapture = () => undefined
  input.hasPointerCapture = () => true
  input.releasePointerCapture = () => undefined
  const pointer = (type: string, clientX: number) =>
    input.dispatchEvent(new PointerEvent(type, { clientX, pointerId: 1, bubbles: true, cancelable: true }))
  pointer('pointerdown', 100)
  pointer('pointermove', 130)
  pointer('pointerup', 130)
  expect(onchange).toHaveBeenLastCalledWith(30)
  expect(document.activeElement).not.toBe(input)
  pointer('pointerdown', 100)
  pointer('pointerup', 101)
  expect(document.activeElement).toBe(input)
})
