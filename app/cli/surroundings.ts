import type { Logger } from '../../main/contract/failure.ts'
import type { StudioPaths } from '../paths.ts'

/** What a command finds around it: the terminal, the user's data, and the wish to stop. */
export interface Surroundings {
  readonly paths: StudioPaths
  readonly logger: Logger
  /** Aborted by Ctrl+C. */
  readonly signal: AbortSignal
  readonly write: (text: string) => void
  readonly writeError: (text: string) => void
  /** Where a progress bar may move; null when nobody watches. */
  readonly terminal: NodeJS.WriteStream | null
}
