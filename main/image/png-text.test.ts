import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { previewDataUrl } from './picture.ts'
import { tensor } from '../tensor/tensor.ts'
import { encodeChunk } from './png-chunks.ts'
import { insertTexts, readTexts, textChunks } from './png-text.ts'

const url = previewDataUrl(tensor([1, 3, 2, 2]))
const png = Buffer.from(url.slice(url.indexOf(',') + 1), 'base64')
const headerEnd = 33

/** The small picture with one more chunk after its header. */
function withChunk(type: string, ...parts: (string | Uint8Array)[]): Buffer {
  const data = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)))
  return Buffer.concat([png.subarray(0, headerEnd), encodeChunk({ type, data }), png.subarray(headerEnd)])
}

/** 20 texts of a mebibyte each, in some kilobytes. */
function manyTexts(): Buffer {
  const text = Buffer.concat([Buffer.from('a\0\0'), deflateSync(Buffer.alloc(2 ** 20, 65))])
  const chunks = Array.from({ length: 20 }, () => encodeChunk({ type: 'zTXt', data: text }))
  return Buffer.concat([png.subarray(0, headerEnd), ...chunks, png.subarray(headerEnd)])
}

const typesOf = (texts: Record<string, string>): string[] =>
  textChunks(texts).map((chunk) => Buffer.from(chunk.subarray(4, 8)).toString('latin1'))

describe('textChunks', () => {
  it('writes tEXt for Latin-1 and iTXt for the rest', () => {
    expect(typesOf({ a: 'a red fox', b: 'café\nline two', c: '雪', d: '“fox”' })).toEqual([
      'tEXt',
      'tEXt',
      'iTXt',
      'iTXt',
    ])
  })

  it('does not leave Latin-1 to be taken for UTF-8', () => {
    expect(typesOf({ a: 'cafÃ©' })).toEqual(['iTXt'])
  })

  it('writes the bytes that Pillow writes', () => {
    const [latin1, unicode] = textChunks({ parameters: 'é', 'latin-studio': '雪' })
    expect(Buffer.from(latin1?.subarray(8, -4) ?? []).toString('latin1')).toBe('parameters\0é')
    expect(Buffer.from(unicode?.subarray(8, -4) ?? []).toString('utf8')).toBe('latin-studio\0\0\0\0\0雪')
  })

  it.each(['', 'a\0b', ' a', 'a'.repeat(80), '雪'])('refuses the keyword %j', (keyword) => {
    expect(() => textChunks({ [keyword]: 'x' })).toThrow(/keyword/)
  })
})

describe('readTexts', () => {
  it.each(['plain', 'café', 'cafÃ©', '雪 and “quotes”', '🦊\n\ttabs', '', '\x80\x9f\xff', '\ufeffmark'])(
    'gives back %j',
    async (text) => {
      expect(await readTexts(insertTexts(png, { parameters: text, other: 'x' }))).toEqual({
        parameters: text,
        other: 'x',
      })
    },
  )

  it('reads compressed texts, languages and translated keywords', async () => {
    const deflated = deflateSync(Buffer.from('雪 fox'))
    const compressed = withChunk('iTXt', 'parameters\0', Uint8Array.of(1, 0), 'ja\0', 'xx\0', deflated)
    expect(await readTexts(compressed)).toEqual({ parameters: '雪 fox' })
    expect(await readTexts(withChunk('zTXt', 'a\0\0', deflateSync(Buffer.from('caf\xe9', 'latin1'))))).toEqual({
      a: 'café',
    })
  })

  it('takes a keyword for a keyword', async () => {
    const texts = await readTexts(withChunk('tEXt', '__proto__\0polluted'))
    expect(Object.entries(texts)).toEqual([['__proto__', 'polluted']])
  })

  it.each<[string, Uint8Array, RegExp]>([
    ['another format', Buffer.from('GIF89a'), /signature of a PNG file/],
    [
      'a file that breaks off',
      png.subarray(0, -15),
      /expected a chunk at byte .*, found the end of the file|before the end/,
    ],
    [
      'a length beyond the file',
      Buffer.concat([png.subarray(0, 8), Uint8Array.of(255, 255, 255, 255), png.subarray(12)]),
      /4294967295 bytes of chunk IHDR/,
    ],
    [
      'a wrong checksum',
      Buffer.concat([png.subarray(0, 29), Uint8Array.of(1, 2, 3, 4), png.subarray(33)]),
      /checksum .* of chunk IHDR at byte 8, found 1020304/,
    ],
    ['a text without an end of its keyword', withChunk('tEXt', 'parameters'), /a NUL after/],
    ['an unknown compression', withChunk('zTXt', 'a\0\x09x'), /compression method 0, found 9/],
    ['many texts that inflate to more together than one may', manyTexts(), /at most 16777216 bytes/],
    ['what does not inflate', withChunk('zTXt', 'a\0\0xxxx'), /does not inflate/],
    [
      'what inflates without end',
      withChunk('zTXt', 'a\0\0', deflateSync(new Uint8Array(64e6))),
      /at most 16777216 bytes/,
    ],
  ])('refuses %s', async (_, bytes, message) => {
    await expect(readTexts(bytes)).rejects.toMatchObject({
      code: 'invalid-request',
      message: expect.stringMatching(message) as string,
    })
  })
})

// More cases, where the reference data lies beside the project.
const reference = fileURLToPath(new URL('../../../shared/fixtures/png-metadata/', import.meta.url))

if (existsSync(reference))
  describe('pictures of other programs', () => {
    const { files } = JSON.parse(readFileSync(`${reference}manifest.json`, 'utf8')) as {
      files: { file: string; keyword?: string; keywords?: string[]; text?: string }[]
    }
    it.each(files.filter(({ file }) => file.endsWith('.png')))(
      'reads the texts of $file',
      async ({ file, keyword, keywords, text }) => {
        const texts = await readTexts(reference + file)
        expect(Object.keys(texts)).toEqual(keywords ?? [keyword])
        if (keyword !== undefined && text !== undefined) expect(texts[keyword]).toBe(text)
      },
    )
  })
