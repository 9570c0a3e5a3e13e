import type { Logger } from '../contract/failure.ts'
import type { Progress } from '../contract/job.ts'

/** Whoever a picture is made for. */
export interface GenerateContext {
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
  readonly onPreview: (step: number, dataUrl: string) => void
  readonly logger: Logger
}
