import type { Scope, Value } from './scope.ts'
import { linear, silu } from './layers.ts'

const LONGEST_PERIOD = 10_000

/** The guidance scale's embedding, [n, size]. */
export interface GuidanceInput {
  readonly value: Value
  readonly size: number
}

/**
 * Sinusoids of the timesteps [n], then two linear layers: [n, 4·width].
 * Vaswani et al. 2017 (arXiv 1706.03762), section 3.5, but all cosines first, then all sines.
 * @param guidance joins the sinusoids through a matrix of its own: Luo et al. 2023 (arXiv 2310.04378), section 4.2
 */
export function timeEmbedding(scope: Scope, timestep: Value, width: number, guidance: GuidanceInput | null): Value {
  const half = width / 2
  const angles = scope.node('Mul', [
    scope.node('Unsqueeze', [timestep, scope.ints(1)]),
    scope.floats(frequencies(half)),
  ])
  const waves = scope.node('Concat', [scope.node('Cos', [angles]), scope.node('Sin', [angles])], { axis: 1 })
  const told = guidance ? scope.node('Add', [waves, projected(scope.at('cond_proj'), guidance, width)]) : waves
  const hidden = silu(scope, linear(scope.at('linear_1'), told, width, width * 4))
  return linear(scope.at('linear_2'), hidden, width * 4, width * 4)
}

function projected(scope: Scope, { value, size }: GuidanceInput, width: number): Value {
  return scope.node('Gemm', [value, scope.weight('weight', [width, size])], { transB: 1 })
}

/** 1 down to almost 1/10000, evenly spaced on a log scale. */
function frequencies(count: number): number[] {
  return Array.from({ length: count }, (_, i) => LONGEST_PERIOD ** (-i / count))
}
