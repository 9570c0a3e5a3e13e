import type { Database } from 'better-sqlite3'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StudioError } from '../contract/failure.ts'
import type { GenerationRequest, InputId } from '../contract/generation.ts'
import {
  ImageRecord,
  type GalleryChange,
  type GalleryFilter,
  type ImageId,
  type InputImage,
} from '../contract/image.ts'
import type { JobId } from '../contract/job.ts'
import type { JobStore } from '../contract/job-store.ts'
import type { GenerationResult } from '../contract/studio.ts'
import type { Picture } from './columns.ts'
import { openDatabase } from './database.ts'
import { makeFolders } from './folders.ts'
import { forgetInputs, inputPath, keepInput } from './inputs.ts'
import { jobStore } from './job-store.ts'
import type { GalleryOptions } from './options.ts'
import { OtherWriters } from './other-writers.ts'
import { readFileFacts } from './picture-file.ts'
import { markMissing, markStarred, markTrashed, pictureIds, trashedPictures } from './pictures.ts'
import { placePicture, type Place } from './place.ts'
import { PictureReader } from './reader.ts'
import { reconcile } from './reconcile.ts'
import { openSession, type Session } from './session.ts'
import { jobOfStaging, makeStagingFolder, recoverStaging, removeStagingFolder } from './staging.ts'
import { Thumbnails } from './thumbnails.ts'
import { discardAll, locate, moveToTrash, restoreFromTrash } from './trash.ts'
import { Turns } from './turns.ts'

/** The pictures made so far: files a person can browse, and a database that is an index of them. */
export class Gallery {
  readonly #options: GalleryOptions
  readonly #place: Place
  readonly #session: Session
  readonly #turns: Turns
  readonly #indexing: Turns
  readonly #reader: PictureReader
  readonly #thumbnails: Thumbnails
  readonly #otherWriters: OtherWriters
  readonly #closing = new AbortController()

  private constructor(options: GalleryOptions, place: Place, session: Session) {
    this.#options = options
    this.#place = place
    this.#session = session
    this.#turns = new Turns(options.logger)
    this.#indexing = new Turns(options.logger)
    this.#reader = new PictureReader(place, options.readEmbedded, this.#turns, (id) => this.#tell({ changed: [id] }))
    this.#thumbnails = new Thumbnails(place.folders, options.makeThumbnail)
    this.#otherWriters = new OtherWriters(place.database)
  }

  /**
   * Opens the gallery, making what is missing. Pictures that a run finished before its process died are taken in
   * first; when the database was missing or damaged, the pictures are indexed again in the background.
   * @throws StudioError `disk-full`; `internal` for a database of a newer studio
   */
  static async open(options: GalleryOptions): Promise<Gallery> {
    const folders = makeFolders(options)
    const session = openSession(folders.sessions)
    let database: Database | undefined
    try {
      const opened = openDatabase(folders.database, options.logger)
      database = opened.database
      const gallery = new Gallery(options, { database, folders, logger: options.logger }, session)
      await gallery.#recover()
      if (opened.isIncomplete) gallery.#indexing.takeUnasked(() => gallery.#reconcile())
      return gallery
    } catch (error) {
      database?.close()
      session.close()
      throw error
    }
  }

  /** Where the queue keeps its jobs. */
  jobStore(): JobStore {
    return jobStore(this.#place.database, this.#session, this.#options.logger)
  }

  /** A fresh folder for a job's run to write its files to. @throws StudioError `disk-full` */
  stagingFolder(jobId: JobId): string {
    return makeStagingFolder(this.#place.folders, this.#session, jobId)
  }

  /** Removes what a run that made no picture left in its folder. */
  clearStaging(stagingFolder: string): void {
    removeStagingFolder(this.#place.folders, stagingFolder)
  }

  /**
   * Takes a finished picture in from the staging folder, which is removed.
   * @throws StudioError `disk-full`, with the files where they were; `not-found` when the picture is not there
   */
  adopt(result: GenerationResult, stagingFolder: string, request: GenerationRequest): ImageRecord {
    const from = join(stagingFolder, result.pictureName)
    const { widthPx, heightPx, origin, durationMs } = result
    const facts = { ...readFileFacts(from), widthPx, heightPx, origin, durationMs, request }
    const jobId = jobOfStaging(this.#place.folders, stagingFolder)
    const picture = placePicture(this.#place, from, facts, jobId)
    try {
      this.#thumbnails.take(picture.id, join(stagingFolder, result.thumbnailName))
      this.clearStaging(stagingFolder)
    } catch (error) {
      // The picture is safe; a thumbnail can be made again and a folder removed later.
      this.#options.logger.warn(`${stagingFolder}: not cleared: ${String(error)}`)
    }
    this.#tell({ added: [picture.id] })
    return recordOf(picture)
  }

  /** The ids of all pictures that pass the filter, in its order. */
  ids(filter: GalleryFilter): ImageId[] {
    return pictureIds(this.#place.database, filter)
  }

  /** The records of those ids, in the order asked; pictures in the trash too. Ids that are not known are left out. */
  details(ids: readonly ImageId[]): ImageRecord[] {
    return this.#reader.read(ids).map(recordOf)
  }

  /** Where a picture's file is, or its thumbnail's, made if missing. @throws StudioError `not-found`, `disk-full` */
  async filePath(id: ImageId, size: 'full' | 'thumb'): Promise<string> {
    const [picture] = this.#reader.read([id])
    if (picture === undefined) throw new StudioError('not-found', `expected a picture with the id ${id}, found none`)
    const path = locate(this.#place.folders, picture)
    if (path === null) {
      this.#tell({ removed: markMissing(this.#place.database, [id], Date.now()) })
      throw new StudioError('not-found', `expected ${picture.fileName} in the gallery, found no such file`)
    }
    return size === 'full' ? path : this.#thumbnails.path(id, path)
  }

  /** @throws StudioError `disk-full` */
  star(ids: readonly ImageId[], isStarred: boolean): void {
    this.#tell({ changed: markStarred(this.#place.database, ids, isStarred) })
  }

  /**
   * Puts pictures in the trash, from where `restore` brings them back.
   * @throws StudioError `disk-full`
   */
  async trash(ids: readonly ImageId[]): Promise<void> {
    const trashed = markTrashed(this.#place.database, ids, Date.now())
    this.#tell({ removed: trashed })
    await this.#turns.take(() => moveToTrash(this.#place, this.#reader.read(trashed).filter(isTrashed)))
  }

  /**
   * Brings pictures back from the trash.
   * @throws StudioError `not-found` when a file is gone from the trash (the others are back), `disk-full`
   */
  restore(ids: readonly ImageId[]): Promise<void> {
    return this.#turns.take(() => {
      const trashed = this.#reader.read(ids).filter(isTrashed)
      restoreFromTrash(this.#place, trashed, (id) => this.#tell({ added: [id] }))
    })
  }

  /**
   * Discards the pictures that were trashed at or before the time (milliseconds since 1970).
   * @returns how many are gone; files that cannot be discarded stay in the trash
   */
  emptyTrash(until: number): Promise<number> {
    return this.#turns.take(async () => {
      const pictures = trashedPictures(this.#place.database, until, this.#options.logger)
      const gone = await discardAll(this.#place, pictures, this.#options.discard, this.#closing.signal)
      for (const id of gone) this.#thumbnails.remove(id)
      return gone.length
    })
  }

  /**
   * Keeps a picture to start from.
   * @throws StudioError `invalid-request` when the bytes are no picture, `disk-full`
   */
  keepInput(bytes: Uint8Array): Promise<InputImage> {
    return keepInput(this.#place.folders, bytes, this.#options.describe)
  }

  /**
   * Removes input pictures that nothing names and that were last kept before the time (milliseconds since 1970).
   * @returns how many
   */
  forgetInputs(before: number): Promise<number> {
    // A database that is still being rebuilt does not know yet what is named.
    return this.#indexing.take(() => forgetInputs(this.#place.folders, this.#place.database, before))
  }

  /** @throws StudioError `not-found` */
  inputPath(id: InputId): string {
    return inputPath(this.#place.folders, id)
  }

  /**
   * Keeps a copy of a picture of the gallery as an input, so that the request that starts from it stays whole when
   * the picture is deleted.
   * @throws StudioError `not-found`, `disk-full`
   */
  async useAsInput(id: ImageId): Promise<InputImage> {
    return this.keepInput(await readFile(await this.filePath(id, 'full')))
  }

  /**
   * Brings the database in step with the files, which may have been moved, removed or added by hand.
   * @throws StudioError `disk-full`
   */
  reconcile(): Promise<void> {
    return this.#indexing.take(() => this.#reconcile())
  }

  /** Tells of pictures that another process has added, such as the command line; cheap enough for each focus. */
  noticeOthers(): void {
    this.#tell({ added: this.#otherWriters.added() })
  }

  /** Ends what is going on in the background and closes the database; what is not finished goes on at the next opening. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all([this.#turns.done(), this.#indexing.done()])
    if (!this.#place.database.open) return
    this.#place.database.close()
    this.#session.close()
  }

  #reconcile(): Promise<void> {
    return reconcile({
      ...this.#place,
      readEmbedded: this.#options.readEmbedded,
      signal: this.#closing.signal,
      onChange: (change) => this.#tell(change),
    })
  }

  async #recover(): Promise<void> {
    const { readEmbedded, logger } = this.#options
    await recoverStaging(this.#place, this.#session, readEmbedded)
    await moveToTrash(this.#place, trashedPictures(this.#place.database, Date.now(), logger))
  }

  #tell({ added = [], changed = [], removed = [] }: Partial<GalleryChange>): void {
    if (added.length + changed.length + removed.length === 0) return
    for (const id of added) this.#otherWriters.ownAdded(id)
    this.#options.onChange?.({ added, changed, removed })
  }
}

function isTrashed(picture: Picture): boolean {
  return picture.trashedAt !== null
}

// Without the fields that only the gallery needs.
function recordOf(picture: Picture): ImageRecord {
  return Object.fromEntries(ImageRecord.keyof().options.map((field) => [field, picture[field]])) as ImageRecord
}
