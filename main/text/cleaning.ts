import { fixText } from './fix-text.ts'
import { unescapeHtml } from './unescape-html.ts'

/** How a prompt is cleaned before it is cut into tokens. */
export type Cleaning = (text: string) => string

const WHITE_SPACE = /\p{White_Space}+/gu
const IDEOGRAPH =
  /[\u4e00-\u9fff\u3400-\u4dbf\uf900-\ufaff\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b820}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu

/** As in CLIP's own code: ftfy, HTML references unescaped twice, white space collapsed, lower case. */
export function cleanLikeClip(text: string): string {
  return collapse(unescapeHtml(unescapeHtml(fixText(text)))).toLowerCase()
}

/** As in transformers' tokenizer where ftfy is installed: only the HTML references that ftfy itself is sure of. */
export function cleanLikeTransformers(text: string): string {
  return collapse(fixText(text)).toLowerCase()
}

/**
 * As in transformers' tokenizer where ftfy is missing, which is how many a picture was made: BERT's splitter, which
 * drops accents and sets ideographs and each punctuation mark apart.
 */
export function cleanLikeBert(text: string): string {
  const visible = text
    .replace(/\p{Zs}|[\t\n\r]/gu, ' ')
    .replace(/[\p{C}\ufffd]/gu, '')
    .replace(IDEOGRAPH, ' $& ')
  const plain = visible
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
  return collapse(plain.replace(/[\p{P}$+<=>^`|~]/gu, ' $& '))
}

function collapse(text: string): string {
  return text.replace(WHITE_SPACE, ' ').replace(/^ | $/g, '')
}
