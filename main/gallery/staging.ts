import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import { JobId } from '../contract/job.ts'
import { removeIfEmpty, writeError } from './files.ts'
import type { Folders } from './folders.ts'
import { readPictureFacts, type ReadEmbedded } from './picture-file.ts'
import { placePicture, type Place } from './place.ts'
import type { Session } from './session.ts'

/**
 * A fresh folder for a job's run to write to, on the gallery's volume: `.staging/<session>/<job>`.
 * @throws StudioError `disk-full`
 */
export function makeStagingFolder(folders: Folders, session: Session, jobId: JobId): string {
  const folder = join(folders.staging, session.id, jobId)
  try {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw writeError(error, 'a run’s files')
  }
  return folder
}

/** The job whose run wrote to the folder; null for a folder that is not one of the gallery's. */
export function jobOfStaging(folders: Folders, folder: string): JobId | null {
  const parts = relative(folders.staging, folder).split(sep)
  const jobId = JobId.safeParse(basename(folder))
  return parts.length === 2 && parts[0] !== '..' && jobId.success ? jobId.data : null
}

/** Removes what a run left behind; its session's folder too once that is empty. */
export function removeStagingFolder(folders: Folders, folder: string): void {
  if (jobOfStaging(folders, folder) === null) return
  rmSync(folder, { recursive: true, force: true })
  removeIfEmpty(join(folder, '..'))
}

/**
 * Takes in the whole pictures that sessions which have ended left in their staging folders, and removes the rest:
 * half-written files and thumbnails.
 */
export async function recoverStaging(place: Place, session: Session, readEmbedded: ReadEmbedded): Promise<void> {
  const { folders, logger } = place
  for (const id of readdirSync(folders.staging)) {
    if (session.isAlive(id)) continue
    const sessionFolder = join(folders.staging, id)
    for (const path of filesIn(sessionFolder)) {
      const facts = await readPictureFacts(path, readEmbedded, logger)
      if (facts === null) continue
      try {
        const picture = placePicture(place, path, facts, jobOfStaging(folders, dirname(path)))
        logger.info(`gallery: ${picture.fileName} was finished when its session ended, and was taken in`)
      } catch (error) {
        logger.warn(`${path}: not taken in yet: ${String(error)}`)
      }
      // Never removed before it is in the gallery; the next opening tries again.
      if (existsSync(path)) return
    }
    rmSync(sessionFolder, { recursive: true, force: true })
  }
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.toLowerCase().endsWith('.png'))
    .map((entry) => join(entry.parentPath, entry.name))
}
