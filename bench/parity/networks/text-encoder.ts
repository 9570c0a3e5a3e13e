import type { ClipTextConfig, VectorConfig } from '../../../main/checkpoint/config.ts'
import type { Component } from '../../../main/checkpoint/weights.ts'
import { buildTextEncoder } from '../../../main/network/text-encoder.ts'
import type { Tensor } from '../../../main/tensor/tensor.ts'
import { sideBySide } from '../../../main/text/conditioning.ts'
import type { ParityCase } from '../case.ts'
import { compared, computed, once, PASS_TOLERANCE, read, readIds } from './reference.ts'
import type { Outputs, Reference } from './reference.ts'
import { sizeVectors } from './size-vectors.ts'

/** What each encoder's tensors begin with in the reference of a model with two. */
const PREFIXES = ['clip_l.', 'clip_g.']

/** What all encoders make together. */
const JOINED = ['crossattn', 'vector', 'size_conditioning']

type Passes = () => Promise<Partial<Record<string, Outputs>>>

/** Every text encoder of a model, one by one, and what they make together. */
export function textEncoderCases(
  encoders: readonly Component<ClipTextConfig>[],
  vector: VectorConfig | null,
  reference: Reference,
): ParityCase[] {
  const parts = encoders.map((encoder, i) => {
    const prefix = encoders.length > 1 ? (PREFIXES[i] ?? '') : ''
    return { encoder, prefix, passes: passesOf(encoder, prefix, reference) }
  })
  const joined = once(async () => joinedTexts(await Promise.all(parts.map(({ passes }) => passes()))))
  return [
    ...parts.flatMap(({ encoder, prefix, passes }) => encoderCases(encoder, prefix, passes, reference)),
    ...(reference.has('crossattn')
      ? [
          compared(
            'text encoders crossattn',
            PASS_TOLERANCE,
            async () => (await joined()).context,
            () => read(reference, 'crossattn'),
          ),
        ]
      : []),
    ...(vector && reference.has('vector')
      ? [
          compared(
            'text encoders vector',
            PASS_TOLERANCE,
            async () => sizeVectors((await joined()).pooled, await read(reference, 'size_conditioning'), vector),
            () => read(reference, 'vector'),
          ),
        ]
      : []),
  ]
}

function passesOf(encoder: Component<ClipTextConfig>, prefix: string, reference: Reference): Passes {
  const prompts = ['input_ids', 'short_ids'].filter((name) => reference.has(prefix + name))
  return once(() =>
    computed(buildTextEncoder(encoder, { withTaps: true, withPooled: true }), prompts, async (name) => ({
      input_ids: await readIds(reference, prefix + name),
    })),
  )
}

/** Every hidden state, the output with and without the last layer, the pooled vector, and a prompt shorter than the context. */
function encoderCases({ config }: Component<ClipTextConfig>, prefix: string, passes: Passes, reference: Reference) {
  const names = [...reference.keys()].filter(
    (name) => name.startsWith(prefix) && !JOINED.includes(name) && !name.endsWith('_ids'),
  )
  return names.map((name) => {
    const own = name.slice(prefix.length)
    const ids = own.startsWith('short_') ? 'short_ids' : 'input_ids'
    const output = outputName(own.replace('short_', ''), config)
    return compared(
      `text encoder ${name}`,
      PASS_TOLERANCE,
      async () => (await passes())[ids]?.[output],
      () => read(reference, name),
    )
  })
}

/** The graph's output by the name that the reference has for it. */
function outputName(name: string, { layerCount }: ClipTextConfig): string {
  const block = /^resblock\.(\d+)$/.exec(name)
  if (block) return `hidden_states.${Number(block[1]) + 1}`
  const names: Record<string, string> = {
    embeddings: 'hidden_states.0',
    penultimate: 'context',
    penultimate_ln_final: 'context',
    last_ln_final: 'last_hidden_state',
    last_without_ln_final: `hidden_states.${layerCount}`,
    encode_text: 'pooled',
  }
  return names[name] ?? name
}

/** The prompts' contexts side by side, and the last encoder's pooled vectors. */
function joinedTexts(passes: readonly Partial<Record<string, Outputs>>[]): { context: Tensor; pooled: Tensor } {
  const outputs = passes.map((pass) => pass['input_ids'])
  const pooled = outputs.at(-1)?.['pooled']
  if (!pooled) throw new Error('expected a pooled vector of the last text encoder, found none')
  return { context: sideBySide(outputs.flatMap((own) => own?.['context'] ?? [])), pooled }
}
