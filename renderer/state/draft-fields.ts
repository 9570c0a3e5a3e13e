import * as z from 'zod'
import { ControlUse, GenerationRequest, ImagePrompt, InputId, LIMITS, LoraUse } from '../../main/contract/generation.ts'
import type { ModelSummary } from '../../main/contract/model.ts'
import { heededOptions } from '../../main/contract/sampling.ts'
import { isTemplate } from '../../main/contract/template.ts'
import { requestProblems } from './request-problems.ts'

/** A row can be put aside without being lost. */
const isOff = z.boolean().optional()
/** Tells one row from another that holds the same. */
const key = z.string()

const DraftLora = LoraUse.extend({ isOff })
const DraftControl = ControlUse.extend({ key, isOff, image: InputId.nullable() })
const DraftImagePrompt = ImagePrompt.extend({ key, isOff, image: InputId.nullable() })

export const DraftFields = GenerationRequest.extend({
  loras: z.array(DraftLora).default([]),
  controls: z.array(DraftControl).default([]),
  imagePrompts: z.array(DraftImagePrompt).default([]),
  /** The prompts' choices are made for each picture. */
  isTemplate: z.boolean().default(false),
  count: z.int().min(LIMITS.count.min).max(LIMITS.count.max),
  isSeedLocked: z.boolean(),
})

/** What the left column holds: a request with rows that may be off or unfinished, how many pictures to make of it, and whether the seed stays. */
export type DraftFields = z.infer<typeof DraftFields>
export type DraftLora = z.infer<typeof DraftLora>
export type DraftControl = z.infer<typeof DraftControl>
export type DraftImagePrompt = z.infer<typeof DraftImagePrompt>

/** What the window starts with before the models are known. */
export const UNTOUCHED: DraftFields = {
  model: 'starter',
  prompt: '',
  negativePrompt: '',
  seed: 0,
  steps: 25,
  guidanceScale: 4,
  widthPx: 128,
  heightPx: 128,
  sampler: 'ddim',
  schedule: 'normal',
  init: null,
  loras: [],
  controls: [],
  imagePrompts: [],
  isTemplate: true,
  count: 1,
  isSeedLocked: false,
}

const LISTS = ['loras', 'controls', 'imagePrompts'] as const

/** A key no other row has. */
export function newKey(): string {
  return crypto.randomUUID()
}

/** The request the fields make: without rows that are off, lists that are empty and options that the sampler does not heed. */
export function requestOf(fields: DraftFields): GenerationRequest {
  const {
    count: _count,
    isSeedLocked: _isSeedLocked,
    isTemplate: _isTemplate,
    loras,
    controls,
    imagePrompts,
    ...plain
  } = fields
  const sent = {
    loras: loras.filter(isOn).map(({ isOff: _isOff, ...use }) => use),
    controls: controls
      .filter(isOn)
      .map(({ isOff: _isOff, key: _key, image, ...use }) => ({ ...use, image: image ?? '' })),
    imagePrompts: imagePrompts
      .filter(isOn)
      .map(({ isOff: _isOff, key: _key, image, ...use }) => ({ ...use, image: image ?? '' })),
  }
  const options = { sampling: heededOptions(plain.sampling, plain.sampler) }
  return {
    ...given({ ...plain, ...options }),
    ...Object.fromEntries(Object.entries(sent).filter(([, rows]) => rows.length > 0)),
  }
}

/** Whether the fields' prompts leave choices that are to be made. */
export function hasChoices({ isTemplate: isAsked, prompt, negativePrompt }: DraftFields): boolean {
  return isAsked && (isTemplate(prompt) || isTemplate(negativePrompt))
}

/** The fields that hold `request`, its prompts as they were before choices were made; what it leaves out is emptied. */
export function fieldsOf(request: GenerationRequest): Partial<DraftFields> {
  const { loras = [], controls = [], imagePrompts = [] } = request
  const emptied = Object.fromEntries(Object.keys(GenerationRequest.shape).map((name) => [name, undefined]))
  return {
    ...emptied,
    ...request,
    ...request.template,
    template: undefined,
    isTemplate: request.template !== undefined,
    loras,
    controls: controls.map((use) => ({ ...use, key: newKey() })),
    imagePrompts: imagePrompts.map((use) => ({ ...use, key: newKey() })),
  }
}

/** What is wrong with the request that the fields make, by dotted field of the draft. @param input what the model takes besides */
export function draftProblems(
  fields: DraftFields,
  input: ModelSummary['input'] = 'none',
): Readonly<Record<string, string>> {
  const problems = Object.entries(requestProblems(requestOf(fields)))
  return {
    ...(input === 'instruct' && fields.init === null ? { init: 'It needs a picture to edit.' } : {}),
    ...Object.fromEntries(
      problems.map(([field, sentence]) => [
        draftField(fields, field),
        /^(controls|imagePrompts)\.\d+\.image$/.test(field) ? 'It needs a picture.' : sentence,
      ]),
    ),
  }
}

/** Where a field of the request is in the draft, whose rows that are off are not counted in the request. */
export function draftField(fields: DraftFields, field: string): string {
  const [name, place, ...rest] = field.split('.')
  const list = LISTS.find((other) => other === name)
  if (list === undefined || place === undefined) return field
  const rows: readonly { isOff?: boolean | undefined }[] = fields[list]
  const on = rows.flatMap((row, index) => (isOn(row) ? [index] : []))
  return [name, on[Number(place)] ?? place, ...rest].join('.')
}

function isOn({ isOff: off }: { isOff?: boolean | undefined }): boolean {
  return off !== true
}

/** The same without what is undefined, so that running it again is running the same object. */
function given<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T
}
