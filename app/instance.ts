import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { uptime } from 'node:os'
import { dirname } from 'node:path'
import * as z from 'zod'

const Owner = z.object({
  pid: z.int(),
  shell: z.enum(['desktop', 'browser']),
  startedAt: z.int(),
  /** Where a browser shell listens on 127.0.0.1, and the word that makes it hand out a link; null until it listens. */
  port: z.int().nullable(),
  secret: z.string().nullable(),
})

/** The studio that has a data folder open, as it wrote itself down there. */
export type Owner = z.infer<typeof Owner>

/** The right to run the queue of a data folder, held by one studio at a time. */
export interface Claim {
  /** Writes down where this studio listens. */
  publish(port: number, secret: string): void
  release(): void
}

export type ClaimResult =
  { readonly claim: Claim; readonly owner: null } | { readonly claim: null; readonly owner: Owner }

/**
 * Claims the data folder whose instance file is given, or tells who has it. What a studio that no longer runs left
 * behind is taken over; `disbelieved` names a process that was asked and did not answer as a studio.
 */
export function claimInstance(file: string, shell: Owner['shell'], disbelieved?: number): ClaimResult {
  mkdirSync(dirname(file), { recursive: true })
  const mine: Owner = { pid: process.pid, shell, startedAt: Date.now(), port: null, secret: null }
  for (let attempt = 0; attempt < 3; attempt++) {
    if (tryWrite(file, mine)) return { claim: claimOver(file, mine), owner: null }
    const owner = readOwner(file)
    if (owner && owner.pid !== disbelieved && isRunning(owner)) return { claim: null, owner }
    rmSync(file, { force: true })
  }
  throw new Error(`expected to claim ${file}, found it taken and left again and again`)
}

/** Who has the data folder open, or null. */
export function readOwner(file: string): Owner | null {
  try {
    return Owner.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    // No file, or one that was cut short: either way nobody can be asked.
    return null
  }
}

/** Whether a studio has the data folder open, by what it wrote down. */
export function isClaimed(file: string): boolean {
  const owner = readOwner(file)
  return owner !== null && isRunning(owner)
}

function claimOver(file: string, mine: Owner): Claim {
  return {
    publish(port, secret) {
      const draft = `${file}.${mine.pid}.new`
      writeFileSync(draft, JSON.stringify({ ...mine, port, secret }), { mode: 0o600 })
      renameSync(draft, file)
    },
    release() {
      if (readOwner(file)?.pid === mine.pid) rmSync(file, { force: true })
    },
  }
}

function tryWrite(file: string, owner: Owner): boolean {
  try {
    writeFileSync(file, JSON.stringify(owner), { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

// Process numbers start anew with the machine, so an owner from before that is gone whatever its number does now.
function isRunning(owner: Owner): boolean {
  if (owner.startedAt < Date.now() - uptime() * 1000) return false
  try {
    return process.kill(owner.pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
