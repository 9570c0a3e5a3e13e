import type { ImageId } from '../contract/image.ts'
import type { Picture } from './columns.ts'
import type { ReadEmbedded } from './picture-file.ts'
import { picturesById } from './pictures.ts'
import type { Place } from './place.ts'
import { repairRow } from './repair.ts'
import type { Turns } from './turns.ts'

/** Reads pictures by id, and sets a row that does not parse right from its file, once. */
export class PictureReader {
  readonly #place: Place
  readonly #readEmbedded: ReadEmbedded
  readonly #turns: Turns
  readonly #onRepaired: (id: ImageId) => void
  readonly #repairsTried = new Set<ImageId>()

  constructor(place: Place, readEmbedded: ReadEmbedded, turns: Turns, onRepaired: (id: ImageId) => void) {
    this.#place = place
    this.#readEmbedded = readEmbedded
    this.#turns = turns
    this.#onRepaired = onRepaired
  }

  /** The pictures of those ids, in the order asked; ids that are unknown or of a broken row are left out. */
  read(ids: readonly ImageId[]): Picture[] {
    const { pictures, broken } = picturesById(this.#place.database, ids, this.#place.logger)
    for (const id of broken) {
      if (this.#repairsTried.has(id)) continue
      this.#repairsTried.add(id)
      this.#turns.takeUnasked(() => this.#repair(id))
    }
    return pictures
  }

  async #repair(id: ImageId): Promise<void> {
    if (await repairRow(this.#place, id, this.#readEmbedded)) this.#onRepaired(id)
  }
}
