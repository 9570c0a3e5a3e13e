/** Long enough for npm and a terminal, which both pass one Ctrl+C on, to have done so. */
const ONE_PRESS_MS = 1000

/**
 * Aborted when the process is asked to end by Ctrl+C, a closed terminal or the system. What was begun can be cleaned
 * up then; asked once more, a little later, the process ends at once with exit code 130.
 */
export function interruption(): AbortSignal {
  const controller = new AbortController()
  let firstAt = 0
  const ask = (): void => {
    if (!controller.signal.aborted) {
      firstAt = performance.now()
      controller.abort()
    } else if (performance.now() - firstAt > ONE_PRESS_MS) {
      process.exit(130)
    }
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, ask)
  return controller.signal
}
