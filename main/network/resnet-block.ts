import type { GroupNorm } from './group-norm.ts'
import type { Scope, Value } from './scope.ts'
import { conv, linear, silu } from './layers.ts'

export interface ResnetShape {
  readonly inChannels: number
  readonly outChannels: number
  readonly groups: number
  readonly eps: number
  readonly norm: GroupNorm
}

/**
 * Two normalised 3x3 convolutions around a shortcut, the time embedding added between them.
 * @param time SiLU of the time embedding [n, width], or null in the autoencoder
 */
export function resnetBlock(
  scope: Scope,
  x: Value,
  shape: ResnetShape,
  time: { value: Value; width: number } | null,
): Value {
  const { inChannels, outChannels, groups, eps, norm } = shape
  let h = silu(scope, norm(scope.at('norm1'), x, inChannels, groups, eps))
  h = conv(scope.at('conv1'), h, inChannels, outChannels)
  if (time !== null) {
    const shift = linear(scope.at('time_emb_proj'), time.value, time.width, outChannels)
    h = scope.node('Add', [h, scope.node('Unsqueeze', [shift, scope.ints(2, 3)])])
  }
  h = silu(scope, norm(scope.at('norm2'), h, outChannels, groups, eps))
  h = conv(scope.at('conv2'), h, outChannels, outChannels)
  const shortcut =
    inChannels === outChannels ? x : conv(scope.at('conv_shortcut'), x, inChannels, outChannels, { kernel: 1 })
  return scope.node('Add', [h, shortcut])
}
