import { beforeEach, expect, test } from 'vitest'
import type { ControlUse } from '../../main/contract/generation.ts'
import { model, request } from '../fixtures/scripted-transport.ts'
import { Draft } from './draft.svelte.ts'
import { UndoHistory } from './undo-history.svelte.ts'

const PICTURE = 'a'.repeat(64)
const CONTROL: ControlUse = {
  id: 'canny',
  image: PICTURE,
  preprocessor: 'canny',
  fit: 'crop',
  weight: 1,
  start: 0,
  end: 1,
}

beforeEach(() => {
  localStorage.clear()
})

function draftOf(history = new UndoHistory()): Draft {
  const draft = new Draft(history)
  draft.useModel(model())
  return draft
}

test('a row that is off stays in the draft and out of the request, which has no empty list', () => {
  const draft = draftOf()
  draft.loras.add('add ink', { id: 'ink', weight: 0.8 })
  draft.loras.add('add paper', { id: 'paper', weight: 1 })
  draft.loras.change(0, { isOff: true })
  expect(draft.request.loras).toEqual([{ id: 'paper', weight: 1 }])
  draft.loras.change(1, { isOff: true })
  expect(draft.request).not.toHaveProperty('loras')
  expect(draftOf().loras.list.map(({ id }) => id)).toEqual(['ink', 'paper'])
})

test('a refusal of a row goes to that row, whichever rows are off before it', () => {
  const draft = draftOf()
  for (const id of ['ink', 'paper']) draft.loras.add('add', { id, weight: 1 })
  draft.loras.change(0, { isOff: true })
  expect(draft.refuse({ code: 'model-missing', message: 'gone', field: 'request.loras.0.id' })).toBe(true)
  expect(draft.problem('loras.1.id')).toBe('Gone.')
  expect(draft.problem('loras.0.id')).toBeUndefined()
  draft.loras.change(1, { weight: 0.5 })
  expect(draft.problem('loras.1.id')).toBeUndefined()
})

test('a control without its picture is told at its row, unless it is off', () => {
  const draft = draftOf()
  draft.controls.add('add a control', { ...CONTROL, key: 'one', image: null })
  expect(draft.problem('controls.0.image')).toBe('It needs a picture.')
  expect(draft.hasProblems).toBe(true)
  draft.controls.change(0, { isOff: true })
  expect(draft.hasProblems).toBe(false)
  draft.controls.change(0, { isOff: false, image: PICTURE })
  expect(draft.request.controls).toEqual([CONTROL])
})

test('using settings takes all parts of a picture, and those of one without empty the draft; undo brings them back', async () => {
  const history = new UndoHistory()
  const draft = draftOf(history)
  const rich = request({
    vae: 'sharp',
    clipSkip: 2,
    loras: [{ id: 'ink', weight: 0.8, textWeight: 0.4 }],
    controls: [CONTROL],
    imagePrompts: [{ id: 'ip', image: PICTURE, weight: 0.5, start: 0, end: 0.5 }],
    refiner: { model: 'large', start: 0.8 },
    init: {
      id: PICTURE,
      strength: 0.6,
      fit: 'crop',
      mask: { id: 'b'.repeat(64), blurPx: 4, fill: 'noise', paddingPx: 32 },
    },
  })
  draft.useRequest(rich)
  expect(draft.request).toEqual(rich)
  draft.useRequest(request())
  expect(draft.request).toStrictEqual(request())
  await history.undo()
  expect(draft.request).toEqual(rich)
})

test('rows change places, and a removed one comes back with undo', async () => {
  const history = new UndoHistory()
  const draft = draftOf(history)
  for (const id of ['ink', 'paper', 'gold']) draft.loras.add('add', { id, weight: 1 })
  draft.loras.move(2, 0)
  expect(draft.loras.list.map(({ id }) => id)).toEqual(['gold', 'ink', 'paper'])
  draft.loras.remove('remove ink', 1)
  expect(draft.loras.list.map(({ id }) => id)).toEqual(['gold', 'paper'])
  await history.undo()
  expect(draft.loras.list.map(({ id }) => id)).toEqual(['gold', 'ink', 'paper'])
})

test('a mask is used as the one before it was, and another start picture has none', () => {
  const draft = draftOf()
  draft.useInput({ id: PICTURE, widthPx: 64, heightPx: 64 })
  draft.useMask('b'.repeat(64))
  draft.changeMask({ blurPx: 9, fill: 'noise' })
  draft.useMask('c'.repeat(64))
  expect(draft.request.init?.mask).toEqual({ id: 'c'.repeat(64), blurPx: 9, fill: 'noise', paddingPx: null })
  draft.useInput({ id: 'd'.repeat(64), widthPx: 64, heightPx: 64 })
  expect(draft.request.init).not.toHaveProperty('mask')
})
