import type { ClipTextConfig } from '../../../main/checkpoint/config.ts'
import type { Component } from '../../../main/checkpoint/weights.ts'
import { buildTextEncoder } from '../../../main/network/text-encoder.ts'
import type { ParityCase } from '../case.ts'
import { compared, computed, once, PASS_TOLERANCE, read, readIds } from './reference.ts'
import type { Reference } from './reference.ts'

/** Every hidden state, the output with and without the last layer, the pooled vector, and a prompt shorter than the context. */
export function textEncoderCases(component: Component<ClipTextConfig>, reference: Reference): ParityCase[] {
  const prompts = ['input_ids', 'short_ids'].filter((name) => reference.has(name))
  const passes = once(() =>
    computed(buildTextEncoder(component, { withTaps: true }), prompts, async (name) => ({
      input_ids: await readIds(reference, name),
    })),
  )
  const outputs = [...reference.keys()].filter((name) => !prompts.includes(name))
  return outputs.map((name) => {
    const isShort = name.startsWith('short_')
    const find = async () => (await passes())[isShort ? 'short_ids' : 'input_ids']?.[name.replace('short_', '')]
    return compared(`text encoder ${name}`, PASS_TOLERANCE, find, () => read(reference, name))
  })
}
