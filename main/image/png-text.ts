import { inflateSync } from 'node:zlib'
import { StudioError } from '../contract/failure.ts'
import { encodeChunk, isPng, PNG_SIGNATURE, pngChunks } from './png-chunks.ts'
import type { PngChunk } from './png-chunks.ts'
import { nameOf, readBytes } from './picture-source.ts'
import type { PictureSource } from './picture-source.ts'

/** Of all texts that inflate: more than any workflow that is embedded in pictures; less than what a few kilobytes can hold. */
const MAX_TEXT_BYTES = 16 * 1024 * 1024
const NUL = 0

/** Keyword to text. */
export type Texts = Readonly<Record<string, string>>

/**
 * All texts of a PNG file by keyword, of whichever kind their chunk is; where one is repeated, the last.
 * @throws StudioError invalid-request for another format, a damaged chunk, or texts that inflate beyond 16 MiB
 */
export async function readTexts(source: PictureSource): Promise<Texts> {
  return pngTexts(await readBytes(source), nameOf(source))
}

/** The same for bytes at hand. @param name of their file, for messages */
export function pngTexts(bytes: Uint8Array, name: string): Texts {
  const texts: [string, string][] = []
  const inflated = { bytes: 0 }
  for (const { type, data } of pngChunks(bytes, name)) {
    if (type === 'tEXt' || type === 'zTXt' || type === 'iTXt') texts.push(decodeText(data, { name, type, inflated }))
  }
  return Object.fromEntries(texts) // defines, never assigns: a keyword __proto__ is a keyword
}

/**
 * One chunk a text, as Pillow writes them: tEXt where the text is Latin-1, else iTXt, uncompressed UTF-8. Latin-1
 * bytes that happen to be UTF-8 too, which lenient readers would take for that, go into iTXt.
 * @throws RangeError for a keyword that the format does not allow
 */
export function textChunks(texts: Texts): Uint8Array[] {
  return Object.entries(texts).map(([keyword, text]) => encodeChunk(textChunk(keyword, text.replaceAll('\0', ''))))
}

/** The PNG file with the texts set before its pixels, where a reader meets them first. */
export function insertTexts(png: Uint8Array, texts: Texts): Uint8Array {
  if (!isPng(png)) throw new RangeError('expected a PNG file')
  const headerEnd = PNG_SIGNATURE.length + 25 // IHDR is 13 bytes and always first
  return Buffer.concat([png.subarray(0, headerEnd), ...textChunks(texts), png.subarray(headerEnd)])
}

function textChunk(keyword: string, text: string): PngChunk {
  if (!/^[!-~\xa1-\xff](?:[ -~\xa1-\xff]{0,77}[!-~\xa1-\xff])?$/.test(keyword)) {
    throw new RangeError(`expected a keyword of 1 to 79 Latin-1 characters, found ${JSON.stringify(keyword)}`)
  }
  const latin1 = Buffer.from(text, 'latin1')
  const isLatin1 = latin1.toString('latin1') === text
  const isAmbiguous = isLatin1 && /[\x80-\xff]/.test(text) && utf8(latin1) !== undefined
  const head = Buffer.from(`${keyword}\0`, 'latin1')
  if (isLatin1 && !isAmbiguous) return { type: 'tEXt', data: Buffer.concat([head, latin1]) }
  // uncompressed, no language, no translated keyword
  return { type: 'iTXt', data: Buffer.concat([head, Uint8Array.of(0, 0, NUL, NUL), Buffer.from(text, 'utf8')]) }
}

/** Which chunk of which file. */
interface Place {
  readonly name: string
  readonly type: 'tEXt' | 'zTXt' | 'iTXt'
  /** What the file's texts have inflated to so far. */
  readonly inflated: { bytes: number }
}

function decodeText(data: Uint8Array, place: Place): [keyword: string, text: string] {
  const [keyword, rest] = cut(data, place)
  if (place.type === 'tEXt') return [latin1(keyword), utf8OrLatin1(rest)]
  if (place.type === 'zTXt') return [latin1(keyword), utf8OrLatin1(inflate(rest[0], rest.subarray(1), place))]
  const [isCompressed, method] = rest
  const [, afterLanguage] = cut(rest.subarray(2), place)
  const [, text] = cut(afterLanguage, place)
  return [latin1(keyword), Buffer.from(isCompressed ? inflate(method, text, place) : text).toString('utf8')]
}

/** What lies before and after the first NUL. */
function cut(data: Uint8Array, place: Place): [before: Uint8Array, after: Uint8Array] {
  const end = data.indexOf(NUL)
  if (end < 0) throw damaged(place, 'a NUL after each of its parts', 'none')
  return [data.subarray(0, end), data.subarray(end + 1)]
}

function inflate(method: number | undefined, data: Uint8Array, place: Place): Uint8Array {
  if (method !== 0) throw damaged(place, 'compression method 0', String(method))
  try {
    const text = inflateSync(data, { maxOutputLength: Math.max(1, MAX_TEXT_BYTES - place.inflated.bytes) })
    place.inflated.bytes += text.length
    return text
  } catch (cause) {
    throw damaged(place, `texts of at most ${MAX_TEXT_BYTES} bytes`, 'data that does not inflate to such', cause)
  }
}

/** The standard says Latin-1; programs that write UTF-8 there are more common than Latin-1 that reads as UTF-8. */
function utf8OrLatin1(bytes: Uint8Array): string {
  return utf8(bytes) ?? latin1(bytes)
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function damaged({ name, type }: Place, expected: string, found: string, cause?: unknown): StudioError {
  return new StudioError('invalid-request', `${name}, chunk ${type}: expected ${expected}, found ${found}`, { cause })
}
