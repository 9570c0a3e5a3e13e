/** The model's own timesteps: what it was trained on and what its scheduler would visit. */
export function normal(
  _count: number,
  _sigmaMin: number,
  _sigmaMax: number,
  own: readonly number[],
): readonly number[] {
  return own
}
