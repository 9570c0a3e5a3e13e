import type { GenerationTask } from '../../main/contract/studio.ts'
import type { GalleryInput, GalleryTimes } from '../gallery/in-child.ts'
import type { GemmInput, GemmTimes } from '../gemm/in-child.ts'
import type { LibraryInput, LibraryTimes } from '../library/in-child.ts'
import type { MemoryUsed } from '../memory/in-child.ts'
import type { StarterInput, StarterScores } from '../starter/in-child.ts'
import type { StepInput, StepTimes } from '../step/in-child.ts'

/** What a child process can be asked; each loads its own modules only, since memory and start-up are measured too. */
export const tasks = {
  gallery: async (input: GalleryInput): Promise<GalleryTimes> =>
    (await import('../gallery/in-child.ts')).timeGallery(input),
  gemm: async (input: GemmInput): Promise<GemmTimes> => (await import('../gemm/in-child.ts')).timePasses(input),
  library: async (input: LibraryInput): Promise<LibraryTimes> =>
    (await import('../library/in-child.ts')).timeLibrary(input),
  memory: async (input: GenerationTask): Promise<MemoryUsed> =>
    (await import('../memory/in-child.ts')).useMemory(input),
  starter: async (input: StarterInput): Promise<StarterScores> =>
    (await import('../starter/in-child.ts')).judgeStarter(input),
  step: async (input: StepInput): Promise<StepTimes> => (await import('../step/in-child.ts')).timeSteps(input),
}

export type Tasks = typeof tasks
