import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, extname } from 'node:path'
import type { ImageId } from '../contract/image.ts'
import { moveFile, writeError } from './files.ts'
import { THUMBNAIL_EXTENSION, thumbnailPath, type Folders } from './folders.ts'

/** Writes a small version of the picture at the first path to the second, in the format of its extension. */
export type MakeThumbnail = (picturePath: string, thumbnailPath: string) => Promise<void>

/** The gallery's thumbnails: a cache that may be deleted at any time and is filled again as it is looked at. */
export class Thumbnails {
  readonly #folders: Folders
  readonly #make: MakeThumbnail
  readonly #inTheMaking = new Map<ImageId, Promise<string>>()

  constructor(folders: Folders, make: MakeThumbnail) {
    this.#folders = folders
    this.#make = make
  }

  /** Takes the thumbnail that a run wrote; one of another format is left where it is, and made again when needed. */
  take(id: ImageId, from: string): void {
    if (extname(from) === THUMBNAIL_EXTENSION && existsSync(from)) moveFile(from, thumbnailPath(this.#folders, id))
  }

  /**
   * The thumbnail's path, after making it where it is missing; once, however many ask meanwhile.
   * @throws StudioError `disk-full`
   */
  path(id: ImageId, picturePath: string): Promise<string> {
    const path = thumbnailPath(this.#folders, id)
    if (existsSync(path)) return Promise.resolve(path)
    const making =
      this.#inTheMaking.get(id) ?? this.#makeAt(path, picturePath).finally(() => this.#inTheMaking.delete(id))
    this.#inTheMaking.set(id, making)
    return making
  }

  remove(id: ImageId): void {
    rmSync(thumbnailPath(this.#folders, id), { force: true })
  }

  async #makeAt(path: string, picturePath: string): Promise<string> {
    const part = path.replace(THUMBNAIL_EXTENSION, `.${randomUUID()}${THUMBNAIL_EXTENSION}`)
    try {
      mkdirSync(dirname(path), { recursive: true })
      await this.#make(picturePath, part)
      renameSync(part, path)
      return path
    } catch (error) {
      rmSync(part, { force: true })
      throw writeError(error, 'a thumbnail')
    }
  }
}
