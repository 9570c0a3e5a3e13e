import Database from 'better-sqlite3'
import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode, isHeldCode } from './files.ts'

const EXTENSION = '.lock'

/**
 * One opening of the gallery by one process. What a session left unfinished (staged pictures, jobs) passes to another
 * only when it has ended, by closing or by dying.
 */
export interface Session {
  readonly id: string
  /** Whether the session of that id still holds its lock. */
  isAlive(id: string): boolean
  close(): void
}

/**
 * Opens a session. It holds a lock of the operating system on a file of its own, which falls when the process dies
 * however it dies; a process id in a file would be taken for alive when another process gets the same number.
 */
export function openSession(folder: string): Session {
  sweep(folder)
  for (;;) {
    const id = randomUUID()
    const path = join(folder, id + EXTENSION)
    const lock = takeLock(path, 1000)
    // Another process may have swept the file away between its creation and its lock.
    if (lock === null || !existsSync(path)) {
      lock?.close()
      continue
    }
    return {
      id,
      isAlive: (other) => other === id || isHeld(join(folder, other + EXTENSION)),
      close: () => {
        lock.close()
        removeUnlessHeld(path)
      },
    }
  }
}

// SQLite knows how to lock a file on every system; the file stays empty.
function takeLock(path: string, timeoutMs: number): Database.Database | null {
  const file = new Database(path, { timeout: timeoutMs })
  try {
    file.pragma('journal_mode = MEMORY')
    file.exec('BEGIN EXCLUSIVE')
    return file
  } catch (error) {
    file.close()
    if (errorCode(error) === 'SQLITE_BUSY') return null
    throw error
  }
}

function isHeld(path: string): boolean {
  if (!existsSync(path)) return false
  const lock = takeLock(path, 0)
  lock?.close()
  return lock === null
}

// Removes the files of sessions that died.
function sweep(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.endsWith(EXTENSION)) continue
    const path = join(folder, name)
    const lock = takeLock(path, 0)
    if (lock === null) continue
    // Under the lock, so that a session which is just opening notices; Windows removes no open file, not even a
    // session's that is just opening.
    if (process.platform === 'win32') lock.close()
    removeUnlessHeld(path)
    lock.close()
  }
}

function removeUnlessHeld(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch (error) {
    if (!isHeldCode(errorCode(error))) throw error
  }
}
