import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  rmdirSync,
  readdirSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { StudioError } from '../contract/failure.ts'

const FULL_DISK_CODES: readonly string[] = ['ENOSPC', 'EDQUOT', 'SQLITE_FULL']
// What Windows answers while a virus scanner or an indexer still holds a file that was just written.
const HELD_CODES: readonly string[] = ['EPERM', 'EACCES', 'EBUSY']
const HELD_TRIES = 20
const HELD_PAUSE_MS = 25

/** The `code` of a thrown system or database error. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Whether an error of that code may be no more than another process having the file open. */
export function isHeldCode(code: string | undefined): boolean {
  return process.platform === 'win32' && HELD_CODES.includes(code ?? '')
}

/** The error to throw for a write that failed: `disk-full`, saying what was being written, or the error as it is. */
export function writeError(error: unknown, what: string): unknown {
  if (!FULL_DISK_CODES.includes(errorCode(error) ?? '')) return error
  return new StudioError('disk-full', `expected room on the disk for ${what}, found none`, { cause: error })
}

/**
 * Moves a file, across volumes too, making the folder it goes to. Nothing half-written is ever seen at `to`.
 * The caller knows that `to` is free.
 */
export function moveFile(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  try {
    renamePatiently(from, to)
  } catch (error) {
    if (errorCode(error) !== 'EXDEV') throw error
    copyWhole(from, to)
    rmSync(from)
  }
  syncFolder(dirname(to))
}

/** Waits until the file's bytes are on the disk, so that a power cut after a rename leaves no empty picture. */
export function syncFile(path: string): void {
  const file = openSync(path, 'r+')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Removes a folder if it is there and holds nothing. */
export function removeIfEmpty(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder)
}

function copyWhole(from: string, to: string): void {
  const part = `${to}.part`
  try {
    copyFileSync(from, part)
    syncFile(part)
    renamePatiently(part, to)
  } catch (error) {
    rmSync(part, { force: true })
    throw error
  }
}

function renamePatiently(from: string, to: string): void {
  for (let tries = 1; ; tries++) {
    try {
      renameSync(from, to)
      return
    } catch (error) {
      if (!isHeldCode(errorCode(error)) || tries === HELD_TRIES) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, HELD_PAUSE_MS)
    }
  }
}

// Windows keeps renames in order by itself and cannot open a folder.
function syncFolder(path: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
