import * as z from 'zod'
import { tensor } from '../../../main/tensor/tensor.ts'
import type { Tensor } from '../../../main/tensor/tensor.ts'

/** Data of which the ideal network is known: normal around mu, or evenly around -m and m; `s` is the deviation there. */
export const AnalyticModel = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('gauss'), mu: z.number(), s: z.number() }),
  z.object({ kind: z.literal('bimodal'), m: z.number(), s: z.number() }),
])
export type AnalyticModel = z.infer<typeof AnalyticModel>

export const Start = z.object({ shape: z.array(z.int()), a: z.number(), b: z.number() })
export const NoiseFormula = z.tuple([z.number(), z.number(), z.number()])

type Output = 'x0' | 'epsilon' | 'v'

/** The ideal network's output for x = a * x0 + s * n; float64 on float32 values, as the reference was made. */
export function evaluate(model: AnalyticModel, output: Output, x: Tensor, a: number, s: number): Tensor {
  return tensor(
    x.shape,
    x.data.map((value) => {
      const [x0, epsilon] = estimates(model, value, a, s)
      return { x0, epsilon, v: a * epsilon - s * x0 }[output]
    }),
  )
}

function estimates(model: AnalyticModel, x: number, a: number, s: number): [number, number] {
  const variance = a * a * model.s * model.s + s * s
  if (model.kind === 'gauss') {
    const { mu } = model
    return [mu + (model.s * model.s * a * (x - a * mu)) / variance, (s * (x - a * mu)) / variance]
  }
  const mean = model.m * Math.tanh((a * model.m * x) / variance)
  return [((s * s) / variance) * mean + ((model.s * model.s * a) / variance) * x, (s / variance) * (x - a * mean)]
}

/** The reference's start before it is scaled. */
export function startLatent({ shape, a, b }: z.infer<typeof Start>): Tensor {
  const x = tensor(shape)
  return tensor(
    shape,
    x.data.map((_, i) => Math.sin(a * i) + Math.cos(b * i * i)),
  )
}

/** What stands in the reference for draw number k of its random generator. */
export function formulaNoise(shape: readonly number[], [p, q, r]: z.infer<typeof NoiseFormula>, k: number): Tensor {
  return tensor(
    shape,
    tensor(shape).data.map((_, i) => Math.SQRT2 * Math.sin(p * (k + 1) + q * i + r * (k + 1) * i)),
  )
}
