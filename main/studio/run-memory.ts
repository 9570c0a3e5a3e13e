import type { MemoryPlan } from '../contract/memory.ts'
import type { GenerationRequest } from '../contract/generation.ts'
import type { GenerationTask } from '../contract/studio.ts'
import { availableMemory } from '../runtime/memory.ts'
import { memoryPlan } from './memory-plan.ts'
import { networkSizes } from './network-sizes.ts'
import type { Networks } from './networks.ts'
import { USUAL_WIDTHS } from './memory-need.ts'

interface Circumstances extends Pick<GenerationTask, 'batchGuidance' | 'memoryUse'> {
  readonly request: Pick<GenerationRequest, 'widthPx' | 'heightPx' | 'guidanceScale'>
  readonly hasInput: boolean
  /** Held already by networks of this model, which may go. */
  readonly heldBytes: number
}

/** The plan for a run of these networks on this machine as it is now. */
export function planMemory(
  networks: Networks,
  { request, batchGuidance, memoryUse = 'auto', hasInput, heldBytes }: Circumstances,
): MemoryPlan {
  const { widthPx, heightPx, guidanceScale } = request
  const isGuided = guidanceScale !== 1 && networks.guidanceSize === null
  return memoryPlan({
    sizes: networkSizes(networks),
    widths: networks.widths ?? USUAL_WIDTHS,
    picture: { widthPx, heightPx, batch: isGuided && batchGuidance ? 2 : 1 },
    hasInput,
    choice: memoryUse,
    availableBytes: availableMemory() + heldBytes,
  })
}
