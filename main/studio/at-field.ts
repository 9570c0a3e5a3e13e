import { StudioError } from '../contract/failure.ts'

/** What is opened; a failure is told with the request's field. */
export async function atField<T>(field: string, opened: Promise<T>): Promise<T> {
  try {
    return await opened
  } catch (error) {
    if (!(error instanceof StudioError) || error.field !== undefined) throw error
    throw new StudioError(error.code, error.message, { field, cause: error.cause })
  }
}
