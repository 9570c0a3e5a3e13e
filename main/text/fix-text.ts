import { repairMojibake } from './mojibake.ts'
import { unescapeUnambiguousHtml } from './unescape-html.ts'
import { fromWindows1252 } from './windows-1252.ts'

// prettier-ignore
const LIGATURES: Readonly<Record<string, string>> = {
  Ĳ: 'IJ', ĳ: 'ij', ŉ: 'ʼn', Ǆ: 'DŽ', ǅ: 'Dž', ǆ: 'dž', Ǉ: 'LJ', ǈ: 'Lj', ǉ: 'lj', Ǌ: 'NJ', ǋ: 'Nj', ǌ: 'nj',
  Ǳ: 'DZ', ǲ: 'Dz', ǳ: 'dz', ﬀ: 'ff', ﬁ: 'fi', ﬂ: 'fl', ﬃ: 'ffi', ﬄ: 'ffl', ﬅ: 'ſt', ﬆ: 'st',
}
const LIGATURE = new RegExp(`[${Object.keys(LIGATURES).join('')}]`, 'g')
const C1_CONTROL = /[\x80-\x9f]/g
const FULL_OR_HALF_WIDTH = /[\uff01-\uffef]/g
const LINE_BREAK = /\r\n|[\r\u2028\u2029\x85]/g
// eslint-disable-next-line no-control-regex -- it looks for them
const TERMINAL_ESCAPE = /\x1b\[[\d;]*[a-zA-Z]/g
/** What has no visible effect: ASCII controls but white space, deprecated format controls, annotation marks, the byte order mark. */
// eslint-disable-next-line no-control-regex -- it looks for them
const INVISIBLE = /[\x00-\x08\x0b\x0e-\x1f\x7f\u206a-\u206f\ufeff\ufff9-\ufffc]/g
const ANYTHING_TO_FIX = /[^\t\n\f\x20-\x7e]|&/

/**
 * The text as python-ftfy's `fix_text` leaves it by default, which CLIP's training text went through: references
 * unescaped (not after a `<`, which may be real HTML), curly quotes straight, ligatures and full-width forms
 * replaced, invisible controls dropped, NFC. Of its repair of wrongly decoded text, only the commonest kind.
 */
export function fixText(text: string): string {
  if (!ANYTHING_TO_FIX.test(text)) return text
  let isPlain = true
  return text
    .split(/(?<=\n)/)
    .map((line) => {
      isPlain &&= !line.includes('<')
      return fixLine(line, isPlain)
    })
    .join('')
}

function fixLine(line: string, unescapes: boolean): string {
  let before: string
  let fixed = line
  do {
    before = fixed
    fixed = fixOnce(unescapes ? unescapeUnambiguousHtml(before) : before)
  } while (fixed !== before)
  return fixed
}

function fixOnce(line: string): string {
  return repairMojibake(line)
    .replace(C1_CONTROL, (control) => fromWindows1252(control.charCodeAt(0)))
    .replace(LIGATURE, (ligature) => LIGATURES[ligature] ?? ligature)
    .replaceAll('\u3000', ' ')
    .replace(FULL_OR_HALF_WIDTH, (character) => character.normalize('NFKC'))
    .replace(/[\u201c-\u201f]/g, '"')
    .replace(/[\u02bc\u2018-\u201b]/g, "'")
    .replace(LINE_BREAK, '\n')
    .toWellFormed()
    .replace(TERMINAL_ESCAPE, '')
    .replace(INVISIBLE, '')
    .normalize('NFC')
}
