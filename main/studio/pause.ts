import { setImmediate } from 'node:timers/promises'
import { StudioError } from '../contract/failure.ts'

/** Lets messages in, then ends a cancelled run. @throws StudioError cancelled */
export async function pause(signal: AbortSignal): Promise<void> {
  await setImmediate()
  if (signal.aborted) throw new StudioError('cancelled', 'The run was cancelled')
}
