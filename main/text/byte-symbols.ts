const isPrintable = (byte: number): boolean =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff)

const BYTES = Array.from({ length: 256 }, (_, byte) => byte)
const HIDDEN_BYTES = BYTES.filter((byte) => !isPrintable(byte))

/**
 * The visible character that stands for each byte in byte-level BPE: printable Latin-1 bytes stand for themselves,
 * the others take U+0100 and on, in byte order.
 */
export const BYTE_SYMBOLS: readonly string[] = BYTES.map((byte) =>
  String.fromCharCode(isPrintable(byte) ? byte : 0x100 + HIDDEN_BYTES.indexOf(byte)),
)

/** The byte symbols in the order of CLIP's vocabulary: printable bytes first. */
export const SYMBOLS_IN_VOCABULARY_ORDER: readonly string[] = [...BYTES.filter(isPrintable), ...HIDDEN_BYTES].map(
  symbolOf,
)

/** The symbols of a word's UTF-8 bytes. A lone surrogate counts as U+FFFD. */
export function byteSymbols(word: string): string[] {
  return utf8Bytes(word).map(symbolOf)
}

function utf8Bytes(text: string): number[] {
  const bytes: number[] = []
  for (const character of text.toWellFormed()) {
    const code = character.codePointAt(0) ?? 0
    if (code < 0x80) bytes.push(code)
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), continuation(code))
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), continuation(code >> 6), continuation(code))
    else bytes.push(0xf0 | (code >> 18), continuation(code >> 12), continuation(code >> 6), continuation(code))
  }
  return bytes
}

function continuation(bits: number): number {
  return 0x80 | (bits & 0x3f)
}

function symbolOf(byte: number): string {
  return BYTE_SYMBOLS[byte] ?? ''
}
