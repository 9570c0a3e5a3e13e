import { decode } from 'html-entities'
import { fromWindows1252 } from './windows-1252.ts'

const REFERENCE = /&(?:#([0-9]+);?|#[xX]([0-9a-fA-F]+);?|[^\t\n\f <&#;]{1,32};?)/g
const UNAMBIGUOUS_REFERENCE = /&(?:#([0-9]+)|#[xX]([0-9a-fA-F]+)|[0-9A-Za-z]{1,24});/g
const LONGEST_UNAMBIGUOUS_NUMBER = 24

/** The text with every HTML character reference replaced as browsers do, also `&amp` and `&notin` without a semicolon. */
export function unescapeHtml(text: string): string {
  return text.replace(REFERENCE, (reference, decimal?: string, hexadecimal?: string) =>
    decimal === undefined && hexadecimal === undefined
      ? decode(reference, { level: 'html5', scope: 'body' })
      : numbered(decimal, hexadecimal),
  )
}

/**
 * The text with only those references replaced that end in a semicolon and that nobody would write otherwise. A name
 * in capitals that has no meaning of its own is the capital of the lower-case name: `&EACUTE;` is É.
 */
export function unescapeUnambiguousHtml(text: string): string {
  return text.replace(UNAMBIGUOUS_REFERENCE, (reference, decimal?: string, hexadecimal?: string) => {
    if (decimal !== undefined || hexadecimal !== undefined) {
      return reference.length - 3 > LONGEST_UNAMBIGUOUS_NUMBER ? reference : numbered(decimal, hexadecimal)
    }
    return named(reference) ?? capitalNamed(reference) ?? reference
  })
}

function named(reference: string): string | undefined {
  const decoded = decode(reference, { level: 'html5', scope: 'strict' })
  return decoded === reference ? undefined : decoded
}

function capitalNamed(reference: string): string | undefined {
  const isCapital = reference === reference.toUpperCase()
  if (!isCapital || unescapeHtml(reference) !== reference) return undefined
  return named(reference.toLowerCase())?.toUpperCase()
}

/** The character of a numeric reference by the HTML standard: 0x80 to 0x9F are read as Windows-1252, non-characters vanish. */
function numbered(decimal: string | undefined, hexadecimal: string | undefined): string {
  const code = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number.parseInt(decimal, 10)
  if (code === 0 || (code >= 0xd800 && code <= 0xdfff) || !(code <= 0x10ffff)) return '\ufffd'
  if (code >= 0x80 && code <= 0x9f) return fromWindows1252(code)
  return isNonCharacter(code) ? '' : String.fromCodePoint(code)
}

function isNonCharacter(code: number): boolean {
  if (code < 0x20) return code !== 0x09 && code !== 0x0a && code !== 0x0c && code !== 0x0d
  return code === 0x7f || (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) === 0xfffe
}
