const EXIF_PREFIX = 'Exif\0\0'
const EXIF_FOLDER_TAG = 0x8769
const USER_COMMENT_TAG = 0x9286
const ENTRY_BYTES = 12

/**
 * The UserComment of EXIF metadata, where pictures without text chunks keep their parameters; null when there is none
 * or the metadata points outside itself.
 * @param exif with or without the `Exif` prefix of JPEG
 */
export function userComment(exif: Uint8Array): string | null {
  const hasPrefix = Buffer.from(exif.subarray(0, EXIF_PREFIX.length)).toString('latin1') === EXIF_PREFIX
  const tiff = hasPrefix ? exif.subarray(EXIF_PREFIX.length) : exif
  const order = Buffer.from(tiff.subarray(0, 2)).toString('latin1')
  if (tiff.length < 8 || (order !== 'II' && order !== 'MM')) return null
  const isLittle = order === 'II'
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength)
  const folder = findTag(view, view.getUint32(4, isLittle), EXIF_FOLDER_TAG, isLittle)
  const comment = folder && findTag(view, folder.value, USER_COMMENT_TAG, isLittle)
  if (!comment || comment.value + comment.count > tiff.length) return null
  return decodeComment(tiff.subarray(comment.value, comment.value + comment.count))
}

function findTag(
  view: DataView,
  start: number,
  tag: number,
  isLittle: boolean,
): { count: number; value: number } | undefined {
  if (start + 2 > view.byteLength) return undefined
  const count = view.getUint16(start, isLittle)
  for (let entry = start + 2, i = 0; i < count && entry + ENTRY_BYTES <= view.byteLength; i++, entry += ENTRY_BYTES) {
    if (view.getUint16(entry, isLittle) !== tag) continue
    return { count: view.getUint32(entry + 4, isLittle), value: view.getUint32(entry + 8, isLittle) }
  }
  return undefined
}

/** Eight bytes name the encoding; the text follows. */
function decodeComment(bytes: Uint8Array): string {
  const encoding = Buffer.from(bytes.subarray(0, 8)).toString('latin1').replaceAll('\0', '').trim()
  const text = bytes.subarray(8)
  const decoder = new TextDecoder(encoding === 'UNICODE' ? utf16Order(text) : 'utf-8')
  return decoder.decode(text).replace(/\0+$/, '')
}

/** AUTOMATIC1111 writes big-endian, others do not; the zero bytes of ASCII letters tell. */
function utf16Order(text: Uint8Array): 'utf-16be' | 'utf-16le' {
  let zeros = 0
  for (const [index, byte] of text.entries()) {
    if (byte === 0) zeros += index % 2 === 0 ? 1 : -1
  }
  return zeros >= 0 ? 'utf-16be' : 'utf-16le'
}
