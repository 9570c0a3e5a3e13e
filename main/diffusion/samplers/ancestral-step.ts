/**
 * Splits the way to `sigmaNext` in a deterministic part, down to `sigmaDown`, and fresh noise of deviation `sigmaUp` on
 * top, so that the variances add up: the posterior of the forward process for eta 1.
 */
export function ancestralStep(sigma: number, sigmaNext: number, eta: number): { sigmaDown: number; sigmaUp: number } {
  // sigmaNext * sqrt((sigma^2 - sigmaNext^2) / sigma^2)
  const posterior = sigmaNext * Math.sqrt(Math.max(1 - (sigmaNext / sigma) ** 2, 0))
  const sigmaUp = Math.min(sigmaNext, eta * posterior)
  return { sigmaDown: Math.sqrt(sigmaNext ** 2 - sigmaUp ** 2), sigmaUp }
}
