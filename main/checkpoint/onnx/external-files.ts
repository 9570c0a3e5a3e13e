import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import type { BoundedFile } from '../bounded-file.ts'

interface Place {
  /** Absolute, without links. */
  readonly file: string
  readonly sizeBytes: number
  /** When it was last written, in ms. */
  readonly changedAt: number
}

/** The files that the weights of an ONNX file may lie in: itself, and those of its folder. */
export class ExternalFiles {
  readonly #onnx: BoundedFile
  readonly #known = new Map<string, Place>()

  constructor(onnx: BoundedFile) {
    this.#onnx = onnx
  }

  /** The ONNX file itself, without links. */
  async own(): Promise<Place> {
    return this.#place(basename(this.#onnx.path))
  }

  /**
   * The file that a tensor names.
   * @throws StudioError checkpoint-unsupported when it is not there, or outside of the folder
   */
  async find(tensor: string, location: string): Promise<Place> {
    const parts = location.split('/')
    const isInside = parts.every((part) => !['', '.', '..'].includes(part) && !/[\\:\0]/.test(part))
    if (!isInside) throw this.#fail(tensor, location)
    const place = await this.#place(location).catch((error: unknown) => {
      throw this.#onnx.fail(`tensor ${tensor}: expected the weights file ${location}, found none`, error)
    })
    const folder = await realpath(dirname(this.#onnx.path))
    if (isWithin(folder, place.file) || isWithin(await this.#blobs(), place.file)) return place
    throw this.#fail(tensor, place.file)
  }

  async #place(location: string): Promise<Place> {
    const known = this.#known.get(location)
    if (known) return known
    const file = await realpath(join(dirname(this.#onnx.path), location))
    const found = await stat(file)
    if (!found.isFile()) throw new Error('found something that is no file')
    const place = { file, sizeBytes: found.size, changedAt: found.mtimeMs }
    this.#known.set(location, place)
    return place
  }

  /** Hugging Face's cache keeps the files of all a model's versions in one folder, and links to them. */
  async #blobs(): Promise<string | null> {
    const match = /^(.*[\\/]models--[^\\/]+)[\\/]snapshots[\\/]/.exec(this.#onnx.path)
    return match?.[1] === undefined ? null : realpath(join(match[1], 'blobs')).catch(() => null)
  }

  #fail(tensor: string, found: string) {
    return this.#onnx.fail(`tensor ${tensor}: expected its weights in a file of the model's folder, found ${found}`)
  }
}

function isWithin(folder: string | null, file: string): boolean {
  if (folder === null) return false
  const path = relative(folder, file)
  return path !== '' && path.split(sep)[0] !== '..' && join(folder, path) === file
}
