import { describe, expect, it } from 'vitest'
import { fixText } from './fix-text.ts'
import { unescapeHtml } from './unescape-html.ts'

describe('fixText', () => {
  it.each([
    ['plain ASCII stays', 'a red fox, 4k', 'a red fox, 4k'],
    ['curly quotes become straight', '“don’t” ‘x‛ „y‟', `"don't" 'x' "y"`],
    ['ligatures come apart', 'ﬁ ﬄ Ĳ ŉ', "fi ffl IJ 'n"],
    ['full-width and half-width forms become usual', 'ＡＢ！　ﾊﾝ', 'AB! ハン'],
    ['line breaks become one kind', 'a\r\nb\rc\u2028d', 'a\nb\nc\nd'],
    ['invisible controls go', 'a\0b\ufeff\u001b[31mc\u001b[0m\u007f', 'abc'],
    ['C1 controls are read as Windows-1252', 'it\x92s', "it's"],
    ['letters and accents are composed', 'e\u0301', 'é'],
    ['a lone surrogate is replaced', 'a\ud800', 'a\ufffd'],
    ['references are unescaped', '&amp;amp; &eacute; &EACUTE; &#39;', "& é É '"],
    ['but not from a possible tag on', '&amp; ok\n<b>&amp;</b>\n&amp;', '& ok\n<b>&amp;</b>\n&amp;'],
    ['nor without a semicolon', 'AT&amp T', 'AT&amp T'],
  ])('%s', (_, text, expected) => {
    expect(fixText(text)).toBe(expected)
  })

  it.each([
    ['cafÃ©', 'café'],
    ['â€œsmartâ€\x9d', '"smart"'],
    ['ðŸŽ¨ art', '🎨 art'],
    ['â€”', '—'],
  ])('repairs UTF-8 read as Windows-1252: %s', (text, expected) => {
    expect(fixText(text)).toBe(expected)
  })

  it.each(['café', 'É…', 'naïve—', 'Ünïcode', 'à la', '¿Qué?', '5µm', 'Straße™', 'Ã'])(
    'leaves real writing alone: %s',
    (text) => {
      expect(fixText(text)).toBe(text)
    },
  )
})

describe('unescapeHtml', () => {
  it.each([
    ['&amp;&lt&gt;', '&<>'],
    ['&notanentity;', '¬anentity;'],
    ['&#x1F600;&#128;&#0;&#xD800;&#1;|', '😀€\ufffd\ufffd|'],
    ['&unknown; & &; &#;', '&unknown; & &; &#;'],
  ])('reads %j as browsers do', (text, expected) => {
    expect(unescapeHtml(text)).toBe(expected)
  })
})
