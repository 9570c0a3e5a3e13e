import type { GalleryInput, GalleryTimes } from '../gallery/in-child.ts'
import type { GemmInput, GemmTimes } from '../gemm/in-child.ts'
import type { MemoryInput, MemoryUsed } from '../memory/in-child.ts'
import type { StepInput, StepTimes } from '../step/in-child.ts'

/** What a child process can be asked; each loads its own modules only, since memory and start-up are measured too. */
export const tasks = {
  gallery: async (input: GalleryInput): Promise<GalleryTimes> =>
    (await import('../gallery/in-child.ts')).timeGallery(input),
  gemm: async (input: GemmInput): Promise<GemmTimes> => (await import('../gemm/in-child.ts')).timePasses(input),
  memory: async (input: MemoryInput): Promise<MemoryUsed> => (await import('../memory/in-child.ts')).useMemory(input),
  step: async (input: StepInput): Promise<StepTimes> => (await import('../step/in-child.ts')).timeSteps(input),
}

export type Tasks = typeof tasks
