import { beforeEach, expect, test } from 'vitest'
import { model, request } from '../fixtures/scripted-transport.ts'
import { Draft } from './draft.svelte.ts'
import { UndoHistory } from './undo-history.svelte.ts'

const large = model({ id: 'large', defaults: { ...model().defaults, widthPx: 512, heightPx: 512, steps: 30 } })

beforeEach(() => {
  localStorage.clear()
})

function draftOf(history = new UndoHistory()): Draft {
  const draft = new Draft(history)
  draft.useModel(model())
  return draft
}

test('another model moves the fields that were at the old one’s defaults and leaves the others', () => {
  const draft = draftOf()
  draft.change({ steps: 12 })
  draft.useModel(large)
  expect(draft.request).toMatchObject({ model: 'large', widthPx: 512, heightPx: 512, steps: 12 })
  expect(draft.isDefault('widthPx')).toBe(true)
  expect(draft.isDefault('steps')).toBe(false)
  draft.reset('steps')
  expect(draft.fields.steps).toBe(30)
})

test('the draft is there again after a reload', () => {
  draftOf().change({ prompt: 'a fox', seed: 4711, isSeedLocked: true })
  expect(draftOf().fields).toMatchObject({ prompt: 'a fox', seed: 4711, isSeedLocked: true })
})

test('a damaged memory starts a fresh draft', () => {
  localStorage.setItem('draft', '{"prompt": 7}')
  expect(draftOf().fields.prompt).toBe('')
})

test('using a picture’s settings takes its request whole, and one undo brings the draft back', async () => {
  const history = new UndoHistory()
  const draft = draftOf(history)
  draft.change({ prompt: 'a house', count: 4 })
  const old = request({ prompt: 'a fox', seed: 99, steps: 3 })
  draft.useRequest(old)
  expect(draft.request).toEqual(old)
  expect(draft.fields.isSeedLocked).toBe(true)
  await history.undo()
  expect(draft.fields).toMatchObject({ prompt: 'a house', count: 4, isSeedLocked: false })
})

test('an undo takes back its own fields and leaves what was written since', async () => {
  const history = new UndoHistory()
  const draft = draftOf(history)
  draft.loras.add('add a LoRA', { id: 'ink', weight: 1 })
  draft.change({ prompt: 'a fox' })
  await history.undo()
  expect(draft.fields).toMatchObject({ prompt: 'a fox', loras: [] })
})

test('a refusal stays at its field until that field changes', () => {
  const draft = draftOf()
  expect(draft.refuse({ code: 'invalid-request', message: 'expected less', field: 'request.widthPx' })).toBe(true)
  draft.change({ prompt: 'a fox' })
  expect(draft.problem('widthPx')).toBe('Expected less.')
  draft.change({ widthPx: 64 })
  expect(draft.problem('widthPx')).toBeUndefined()
  expect(draft.refuse({ code: 'internal', message: 'elsewhere' })).toBe(false)
})

test.each([
  [{ widthPx: 130 }, 'widthPx', 'Expected a multiple of 8 pixels, found 130.'],
  [{ steps: 0 }, 'steps', 'Expected 1 or more, found 0.'],
  [{ guidanceScale: 31 }, 'guidanceScale', 'Expected 30 or less, found 31.'],
  [{ prompt: 'a'.repeat(20_001) }, 'prompt', 'Expected at most 20,000 characters.'],
])('%o is told at %s', (patch, field, sentence) => {
  const draft = draftOf()
  draft.change(patch)
  expect(draft.problem(field)).toBe(sentence)
  expect(draft.hasProblems).toBe(true)
})
