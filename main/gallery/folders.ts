import { mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { ImageId } from '../contract/image.ts'
import { writeError } from './files.ts'

/** Where the gallery keeps things; all absolute. */
export interface Folders {
  /** The pictures, in folders of months. */
  readonly gallery: string
  /** Runs write here, on the pictures' volume, so that adopting is a rename. */
  readonly staging: string
  readonly thumbnails: string
  readonly trash: string
  readonly inputs: string
  readonly sessions: string
  readonly database: string
}

interface Paths {
  readonly galleryFolder: string
  readonly dataFolder: string
}

/**
 * The gallery's folders, made where they are missing.
 * @throws StudioError `disk-full`
 */
export function makeFolders({ galleryFolder, dataFolder }: Paths): Folders {
  const folders = {
    gallery: galleryFolder,
    staging: join(galleryFolder, '.staging'),
    thumbnails: join(dataFolder, 'thumbnails'),
    trash: join(dataFolder, 'trash'),
    inputs: join(dataFolder, 'inputs'),
    sessions: join(dataFolder, 'sessions'),
  }
  try {
    for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw writeError(error, 'the folders of the gallery')
  }
  return { ...folders, database: join(dataFolder, 'studio.sqlite') }
}

/** Where a picture of the gallery lies while it is not in the trash. */
export function picturePath(folders: Folders, fileName: string): string {
  return join(folders.gallery, ...fileName.split('/'))
}

/** Where a picture lies in the trash: under its own name, so that the system's trash shows that name too. */
export function trashPath(folders: Folders, id: ImageId, fileName: string): string {
  return join(folders.trash, id, basename(fileName))
}

/** Where a picture's thumbnail lies; 256 folders, because some systems are slow with 100,000 files in one. */
export function thumbnailPath(folders: Folders, id: ImageId): string {
  return join(folders.thumbnails, id.slice(0, 2), `${id}${THUMBNAIL_EXTENSION}`)
}

export const THUMBNAIL_EXTENSION = '.webp'
