import type { UnetConfig, VectorConfig } from '../../../main/checkpoint/config.ts'
import type { Component } from '../../../main/checkpoint/weights.ts'
import { readTensor } from '../../../main/checkpoint/safetensors.ts'
import { buildUnet } from '../../../main/network/unet.ts'
import type { Tensor } from '../../../main/tensor/tensor.ts'
import type { ParityCase } from '../case.ts'
import { caseIndices, compared, computed, once, PASS_TOLERANCE, read } from './reference.ts'
import type { Reference } from './reference.ts'
import { sizeVectors } from './size-vectors.ts'

const ACTIVATION_TOLERANCE = 1e-4

/** A case's vector, or what diffusers makes one of: pooled prompts [n, p] and the sizes of n pictures. */
async function vectorOf(reference: Reference, name: string, config: VectorConfig): Promise<Tensor> {
  if (reference.has(`${name}.y`)) return read(reference, `${name}.y`)
  return sizeVectors(await read(reference, `${name}.text_embeds`), await read(reference, `${name}.time_ids`), config)
}

/** Each case's prediction, and the first one's inner activations where the reference has them. */
export function unetCases(
  component: Component<UnetConfig>,
  reference: Reference,
  activations: Reference | null,
): ParityCase[] {
  const indices = caseIndices(reference, /^case(\d+)\.x$/)
  const passes = once(() =>
    computed(buildUnet(component, { withTaps: true }), indices, async (i) => ({
      sample: await read(reference, `case${i}.x`),
      timestep: await read(reference, `case${i}.t`),
      context: await read(reference, `case${i}.context`),
      ...(component.config.vector ? { vector: await vectorOf(reference, `case${i}`, component.config.vector) } : {}),
    })),
  )
  const predictions = indices.map((i): ParityCase => {
    const expected = reference.has(`case${i}.eps`) ? `case${i}.eps` : `case${i}.out`
    return compared(
      `unet ${expected}`,
      PASS_TOLERANCE,
      async () => (await passes())[i]?.prediction,
      () => read(reference, expected),
    )
  })
  const inner = [...(activations?.entries() ?? [])].map(([name, entry]) =>
    compared(
      `unet case0 ${name}`,
      ACTIVATION_TOLERANCE,
      async () => (await passes())[0]?.[name],
      () => readTensor(entry),
    ),
  )
  return [...predictions, ...inner]
}
