import { openModel } from '../main/checkpoint/open.ts'
import type { MemoryPlan, PlanInput } from '../main/contract/memory.ts'
import type { Settings } from '../main/contract/settings.ts'
import type { Library } from '../main/library/library.ts'
import type { Networks } from '../main/studio/networks.ts'
import { networksOf } from '../main/studio/networks-of.ts'
import { planMemory } from '../main/studio/run-memory.ts'
import { requireModel } from './validate.ts'

export type PlanMemory = (input: PlanInput) => Promise<MemoryPlan>

/**
 * How a picture's memory would be gone about now, from the model's headers alone. What joins the model is left out, and
 * what the studio process holds already counts as taken. The last model's networks are kept, for the next size.
 */
export function createMemoryPlanner(library: Library, settings: () => Settings): PlanMemory {
  let last: { path: string; networks: Networks } | null = null
  return async ({ model, hasInput, ...request }) => {
    const { path } = requireModel(library, model)
    if (last?.path !== path) last = { path, networks: networksOf(await openModel(path)) }
    const { batchGuidance, memoryUse } = settings()
    return planMemory(last.networks, { request, batchGuidance, memoryUse, hasInput, heldBytes: 0 })
  }
}
