import type { Logger } from '../contract/failure.ts'
import type { GalleryChange } from '../contract/image.ts'
import type { Describe } from './inputs.ts'
import type { ReadEmbedded } from './picture-file.ts'
import type { MakeThumbnail } from './thumbnails.ts'
import type { Discard } from './trash.ts'

/** What a gallery needs to be told: where things lie, and what it cannot do itself. */
export interface GalleryOptions {
  /** Where the pictures lie; a person may browse, add and remove files there. */
  readonly galleryFolder: string
  /** Where the database, thumbnails, inputs and the trash lie. */
  readonly dataFolder: string
  readonly logger: Logger
  readonly readEmbedded: ReadEmbedded
  readonly describe: Describe
  readonly makeThumbnail: MakeThumbnail
  /** What emptying the trash does with a file. */
  readonly discard: Discard
  /** Told after each change of what is shown. */
  readonly onChange?: (change: GalleryChange) => void
}
