/** What Windows-1252 has at bytes 0x80 to 0x9F; the five unassigned bytes stay control characters, as browsers read them. */
const HIGH_CONTROLS = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'

/** The character of a byte in Windows-1252. */
export function fromWindows1252(byte: number): string {
  return byte >= 0x80 && byte <= 0x9f ? HIGH_CONTROLS.charAt(byte - 0x80) : String.fromCharCode(byte)
}

/** The byte of a character in Windows-1252; a C1 control counts as its own byte, others outside it are undefined. */
export function toWindows1252(character: string): number | undefined {
  const code = character.charCodeAt(0)
  if (code <= 0xff) return code
  const index = HIGH_CONTROLS.indexOf(character)
  return index < 0 ? undefined : 0x80 + index
}
