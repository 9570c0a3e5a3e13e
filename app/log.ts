import log from 'electron-log/node.js'
import { join } from 'node:path'
import type { Logger } from '../main/contract/failure.ts'

/**
 * A logger writing to `studio.log` in `folder`, turned over at 5 MB with one old file kept.
 * @param isEchoed also print to the terminal: the shells do, the command line keeps its output for its answer
 */
export function createLogger(folder: string, isEchoed: boolean): Logger {
  const sink = log.create({ logId: 'studio' })
  sink.transports.file.resolvePathFn = () => join(folder, 'studio.log')
  sink.transports.file.maxSize = 5 * 1024 ** 2
  sink.transports.console.level = isEchoed ? 'warn' : false
  return {
    info(message) {
      sink.info(message)
    },
    warn(message) {
      sink.warn(message)
    },
    error(message, cause) {
      if (cause === undefined) sink.error(message)
      else sink.error(message, cause)
    },
  }
}
