import { fromWindows1252, toWindows1252 } from './windows-1252.ts'

/** UTF-8's sequences of two to four bytes, written as Latin-1 characters. */
const SEQUENCE = /[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}/g
/** Marks that people do write straight after an accented letter. */
const USUAL_AFTER_A_LETTER = new Set('\xa0\xad·´–—…‘’“”™®»›•‹«')

/**
 * Undoes one reading of UTF-8 as Windows-1252 ("cafÃ©" for "café"), where the whole text can be such a reading and a
 * sequence in it is one that nobody writes. Simpler than what ftfy does: other encodings, damaged bytes and texts
 * that are only partly wrong stay as they are.
 */
export function repairMojibake(text: string): string {
  if (!/[\xc2-\xf4]/.test(text)) return text
  let bytes = ''
  for (const character of text) {
    const byte = toWindows1252(character)
    if (byte === undefined) return text
    bytes += String.fromCharCode(byte)
  }
  const sequences = bytes.match(SEQUENCE) ?? []
  const isUtf8 = !/[\x80-\xff]/.test(bytes.replace(SEQUENCE, ''))
  if (!isUtf8 || !sequences.some(isUnlikely)) return text
  try {
    return decodeURIComponent(bytes.replace(/[%\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`))
  } catch {
    return text // overlong forms, surrogates
  }
}

function isUnlikely(sequence: string): boolean {
  if (sequence.startsWith('\xc2') || sequence.startsWith('\xc3')) return true
  return Array.from(sequence.slice(1), (byte) => fromWindows1252(byte.charCodeAt(0))).some(
    (character) => !USUAL_AFTER_A_LETTER.has(character),
  )
}
