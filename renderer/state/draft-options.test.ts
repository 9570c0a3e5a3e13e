import { beforeEach, expect, test } from 'vitest'
import { model, request } from '../fixtures/scripted-transport.ts'
import { Draft } from './draft.svelte.ts'
import { UndoHistory } from './undo-history.svelte.ts'

beforeEach(() => localStorage.clear())

function newDraft(): Draft {
  const draft = new Draft(new UndoHistory())
  draft.useModel(model())
  return draft
}

test('options are in the request while they are set, and leave nothing behind', () => {
  const draft = newDraft()
  draft.useSampler('euler-ancestral')
  draft.options.changeSampling({ eta: 0.5 })
  draft.options.changeLevels({ spacing: 'trailing' })
  draft.options.changeGuidance({ rescale: 0.7 })
  expect(draft.request).toMatchObject({
    sampling: { eta: 0.5, levels: { spacing: 'trailing' } },
    guidance: { rescale: 0.7 },
  })
  draft.options.changeSampling({ eta: undefined })
  draft.options.changeLevels({ spacing: undefined })
  draft.options.changeGuidance({ rescale: undefined })
  expect(draft.request).not.toHaveProperty('sampling')
  expect(draft.request).not.toHaveProperty('guidance')
})

test('churn of nothing is none, and a span of all steps is none', () => {
  const draft = newDraft()
  draft.useSampler('euler')
  draft.options.changeChurn({ amount: 20 })
  draft.options.changeChurn({ sigmaMin: 0.1 })
  expect(draft.request.sampling).toEqual({ churn: { amount: 20, sigmaMin: 0.1 } })
  draft.options.changeChurn({ amount: 0 })
  draft.options.changeSpan({ start: 0.2, end: 1 })
  expect(draft.request.guidance).toEqual({ start: 0.2 })
  draft.options.changeSpan({ start: 0, end: 1 })
  expect(draft.request).not.toHaveProperty('guidance')
  expect(draft.request).not.toHaveProperty('sampling')
})

test('an option that the sampler does not heed is not sent, and is there again with one that does', () => {
  const draft = newDraft()
  draft.useSampler('euler-ancestral')
  draft.options.changeSampling({ eta: 0.5 })
  draft.useSampler('lms')
  expect(draft.request).not.toHaveProperty('sampling')
  draft.useSampler('euler-ancestral')
  expect(draft.request.sampling).toEqual({ eta: 0.5 })
})

test('a schedule that makes no sense with the sampler gives way, and a note says why until another is chosen', () => {
  const draft = newDraft()
  draft.change({ schedule: 'karras' })
  draft.useSampler('plms')
  expect(draft.fields.schedule).toBe('normal')
  expect(draft.scheduleNote).toBe('Normal instead of Karras: this sampler was derived for timesteps of equal length.')
  draft.change({ schedule: 'simple' })
  expect(draft.scheduleNote).toBeUndefined()
  draft.useSampler('euler')
  expect(draft.fields.schedule).toBe('simple')
})

test('a schedule measured on another kind of model gives way to it', () => {
  const draft = newDraft()
  draft.change({ schedule: 'ays-sd1' })
  draft.useModel(model({ id: 'xl', family: 'sdxl' }))
  expect(draft.scheduleNote).toMatch(/^Normal instead of .*: its levels were measured on Stable Diffusion 1\.$/)
})

test('a new draft is written in the style of the settings; one from before stays as it was', () => {
  const first = newDraft()
  first.startInStyle('a1111')
  expect(first.request.promptStyle).toBe('a1111')
  first.change({ promptStyle: undefined })
  const second = newDraft()
  second.startInStyle('a1111')
  expect(second.request).not.toHaveProperty('promptStyle')
})

test('a picture’s settings bring its template back, with its choices to be made again', () => {
  const draft = newDraft()
  const template = { prompt: 'a {red|blue} fox', negativePrompt: '' }
  draft.useRequest(request({ prompt: 'a red fox', template }))
  expect(draft.request).toEqual(request({ prompt: 'a {red|blue} fox' }))
  expect(draft.hasChoices).toBe(true)
  draft.useRequest(request({ prompt: 'a {fox}' }))
  expect(draft.hasChoices).toBe(false)
})
