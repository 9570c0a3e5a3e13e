import type { Logger } from '../contract/failure.ts'

/** A logger whose warnings are kept, to be told with what a run has made. */
export function noting(logger: Logger): { readonly logger: Logger; readonly notes: readonly string[] } {
  const notes: string[] = []
  return {
    notes,
    logger: {
      info(message) {
        logger.info(message)
      },
      warn(message) {
        if (!notes.includes(message)) notes.push(message)
        logger.warn(message)
      },
      error(message, cause) {
        logger.error(message, cause)
      },
    },
  }
}
