import * as z from 'zod'

export const FAILURE_CODES = [
  'invalid-request',
  'model-missing',
  'checkpoint-unsupported',
  'out-of-memory',
  'runtime-crashed',
  'disk-full',
  'not-found',
  'cancelled',
  'internal',
] as const

export const FailureCode = z.enum(FAILURE_CODES)
export type FailureCode = z.infer<typeof FailureCode>

/** What a caller in another process is told. `field` names the request field at fault, as a dotted path. */
export const Failure = z.object({
  code: FailureCode,
  message: z.string(),
  field: z.string().optional(),
  details: z.string().optional(),
})
export type Failure = z.infer<typeof Failure>

interface StudioErrorOptions extends ErrorOptions {
  field?: string
}

/** The one error class of the project: a code to act on, and a sentence saying what was expected and what was found. */
export class StudioError extends Error {
  override readonly name = 'StudioError'
  readonly code: FailureCode
  readonly field: string | undefined

  constructor(code: FailureCode, message: string, options: StudioErrorOptions = {}) {
    super(message, options)
    this.code = code
    this.field = options.field
  }
}

/** Any thrown value as a `Failure`; what is not a `StudioError` becomes `internal`. */
export function toFailure(error: unknown): Failure {
  if (error instanceof StudioError) {
    return {
      code: error.code,
      message: error.message,
      ...(error.field === undefined ? {} : { field: error.field }),
      ...(error.cause === undefined ? {} : { details: describe(error.cause) }),
    }
  }
  return {
    code: 'internal',
    message: describe(error),
    ...(error instanceof Error && error.stack ? { details: error.stack } : {}),
  }
}

function describe(value: unknown): string {
  return value instanceof Error ? value.message : String(value)
}

/** Where domain code says what it does; only `app` knows where the lines go. */
export interface Logger {
  info(message: string): void
  warn(message: string): void
  error(message: string, cause?: unknown): void
}
