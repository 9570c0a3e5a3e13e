import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import type { GenerationRequest } from '../contract/generation.ts'
import type { ImageOrigin } from '../contract/image.ts'
import { parseInfotext } from './infotext.ts'
import type { Infotext } from './infotext.ts'
import { formatParameters, parameterTexts, readParameters } from './parameters.ts'
import { insertTexts } from './png-text.ts'

const request: GenerationRequest = {
  model: 'starter',
  prompt: 'a red fox,\nin the snow',
  negativePrompt: 'blurry',
  seed: 7,
  steps: 25,
  guidanceScale: 7.5,
  widthPx: 512,
  heightPx: 768,
  sampler: 'euler-ancestral',
  schedule: 'karras',
  init: null,
}
const origin: ImageOrigin = {
  modelName: 'Starter',
  family: 'sd1',
  predictionType: 'epsilon',
  appVersion: '0.1.0',
  runtime: 'onnxruntime-node 1.30.0',
}
const init = { id: 'a'.repeat(64), strength: 0.6, fit: 'crop' } as const

/** As the reference file lists it: prompts and settings in one table, all text. */
const asTable = ({ prompt, negativePrompt, fields }: Infotext): Record<string, string> => ({
  Prompt: prompt,
  'Negative prompt': negativePrompt,
  ...fields,
})

const plainPng = () =>
  sharp({ create: { width: 4, height: 4, channels: 3, background: 'teal' } })
    .png()
    .toBuffer()

describe('formatParameters', () => {
  it("writes AUTOMATIC1111's lines and labels", () => {
    expect(formatParameters(request, origin)).toBe(
      'a red fox,\nin the snow\nNegative prompt: blurry\n' +
        'Steps: 25, Sampler: Euler a, Schedule type: Karras, CFG scale: 7.5, Seed: 7, Size: 512x768, Model: Starter, ' +
        'Version: Latent Studio 0.1.0',
    )
  })

  it('leaves out an empty negative prompt, adds the denoising strength, and quotes what would be read otherwise', () => {
    const text = formatParameters({ ...request, negativePrompt: '', init }, { ...origin, modelName: 'a "b", c: d' })
    expect(text).toBe(
      'a red fox,\nin the snow\n' +
        'Steps: 25, Sampler: Euler a, Schedule type: Karras, CFG scale: 7.5, Seed: 7, Size: 512x768, ' +
        'Model: "a \\"b\\", c: d", Denoising strength: 0.6, Version: Latent Studio 0.1.0',
    )
    expect(parseInfotext(text).fields).toMatchObject({ Model: 'a "b", c: d', 'Denoising strength': '0.6' })
  })

  it('names an earlier layer of the text encoder, and not the last one, as AUTOMATIC1111 does', () => {
    const skipOf = (clipSkip: number) =>
      parseInfotext(formatParameters({ ...request, clipSkip }, origin)).fields['Clip skip']
    expect([skipOf(1), skipOf(2)]).toEqual([undefined, '2'])
  })
})

describe('parseInfotext', () => {
  const settings = { Steps: '5', Sampler: 'Heun', 'CFG scale': '2', Seed: '7' }
  const line = 'Steps: 5, Sampler: Heun, CFG scale: 2, Seed: 7'

  it.each<[string, Record<string, string>]>([
    ['', { Prompt: '', 'Negative prompt': '' }],
    [`a\n\nb\n${line}`, { Prompt: 'a\n\nb', 'Negative prompt': '', ...settings }],
    [
      `  a  \n  Negative prompt:   b  \n ${line.replaceAll(', ', ',')} `,
      { Prompt: 'a', 'Negative prompt': 'b', ...settings },
    ],
    [
      `a\nNegative prompt: b\nNegative prompt: c\nd\n${line}`,
      { Prompt: 'a', 'Negative prompt': 'b\nc\nd', ...settings },
    ],
    [`a Negative prompt: b\n${line}`, { Prompt: 'a Negative prompt: b', 'Negative prompt': '', ...settings }],
    ['a\nSteps: 5, Sampler: Heun', { Prompt: 'a\nSteps: 5, Sampler: Heun', 'Negative prompt': '' }],
    ['a: b, c: d, e: f, g: h', { Prompt: 'a: b, c: d, e: f, g: h', 'Negative prompt': '' }],
    [`${line}, Size: 64x32`, { Prompt: '', 'Negative prompt': '', ...settings, 'Size-1': '64', 'Size-2': '32' }],
    [
      `${line}, Hires prompt: "a, \\"b\\"\\nc: d", VAE: `,
      { Prompt: '', 'Negative prompt': '', ...settings, 'Hires prompt': 'a, "b"\nc: d' },
    ],
    [
      `x\n${line}, Hypernet: h(1)`,
      { Prompt: 'x<hypernet:h(1):1.0>', 'Negative prompt': '', ...settings, Hypernet: 'h(1)' },
    ],
  ])('reads %j', (text, table) => {
    expect(asTable(parseInfotext(text))).toEqual(table)
  })

  it('names the size of the first pass where an old text names both', () => {
    const sizes = (first: string) => parseInfotext(`${line}, Size: 1024x768, First pass size: ${first}`).fields
    expect(sizes('512x384')).toMatchObject({ 'Size-1': '512', 'Size-2': '384', 'Hires resize-1': '1024' })
    expect(sizes('0x0')).toMatchObject({ 'Size-1': '640', 'Size-2': '448', 'Hires resize-2': '768' })
  })

  it('takes a long line without settings for a prompt, at once', () => {
    const text = 'word '.repeat(100_000).trim()
    expect(parseInfotext(text)).toEqual({ prompt: text, negativePrompt: '', fields: {} })
  })
})

describe('readParameters', () => {
  it.each([
    request,
    {
      ...request,
      prompt: 'Füchse “im” Schnee 雪 🦊\n\nSteps: 1, a: b',
      negativePrompt: 'ÃŸ',
      init,
      seed: Number.MAX_SAFE_INTEGER,
    },
    { ...request, prompt: '', negativePrompt: '', guidanceScale: 1.1 },
  ])('gives back what the studio embedded, without loss', async (embedded) => {
    const png = insertTexts(await plainPng(), parameterTexts(embedded, origin))
    const { studio, texts } = await readParameters(png)
    expect(studio).toEqual({ version: 1, request: embedded, origin })
    expect(texts['parameters']).toBe(formatParameters(embedded, origin))
  })

  it('reads the text of another program, and nothing into it', async () => {
    const png = insertTexts(await plainPng(), { parameters: 'a cat\nSteps: 4, Sampler: LCM, CFG scale: 1.5, Seed: 42' })
    const { studio, infotext } = await readParameters(png)
    expect(studio).toBeNull()
    expect(infotext).toMatchObject({ prompt: 'a cat', fields: { Sampler: 'LCM', Seed: '42' } })
    expect(await readParameters(await plainPng())).toEqual({ studio: null, infotext: null, texts: {} })
  })

  it.each(['{', '3', '{"version":2}', JSON.stringify({ version: 1, request: { ...request, steps: 0 }, origin })])(
    'does not trust %s',
    async (text) => {
      const { studio, texts } = await readParameters(insertTexts(await plainPng(), { 'latent-studio': text }))
      expect(studio).toBeNull()
      expect(texts).toEqual({ 'latent-studio': text })
    },
  )

  it.each(['utf-16be', 'utf-16le'])('reads the EXIF comment of a JPEG in %s', async (encoding) => {
    const text = 'a “fox” 雪\nSteps: 4, Sampler: LCM, CFG scale: 1.5, Seed: 42'
    const units = Buffer.from(text, 'utf16le')
    const comment = Buffer.concat([Buffer.from('UNICODE\0'), encoding === 'utf-16be' ? units.swap16() : units])
    const { infotext, texts } = await readParameters(
      withUserComment(
        await sharp(await plainPng())
          .jpeg()
          .toBuffer(),
        comment,
      ),
    )
    expect(texts).toEqual({ UserComment: text })
    expect(infotext).toMatchObject({ prompt: 'a “fox” 雪', fields: { Seed: '42' } })
  })

  it('finds no comment where the metadata points outside itself', async () => {
    const jpeg = withUserComment(
      await sharp(await plainPng())
        .jpeg()
        .toBuffer(),
      Buffer.from('UNICODE\0'),
      1 << 30,
    )
    expect(await readParameters(jpeg)).toEqual({ studio: null, infotext: null, texts: {} })
  })

  it.each([
    ['no picture', Buffer.from('x'), 'invalid-request'],
    ['no file', '/no/such/file.png', 'not-found'],
  ])('refuses %s', async (_, source, code) => {
    await expect(readParameters(source)).rejects.toMatchObject({ code })
  })
})

/** The JPEG with big-endian EXIF metadata that holds only the comment. */
function withUserComment(jpeg: Buffer, comment: Buffer, length = comment.length): Buffer {
  const tiff = Buffer.alloc(44)
  tiff.write('MM\0*', 'latin1')
  tiff.writeUInt32BE(8, 4)
  const entry = (at: number, tag: number, type: number, count: number, value: number): void => {
    tiff.writeUInt16BE(1, at)
    tiff.writeUInt16BE(tag, at + 2)
    tiff.writeUInt16BE(type, at + 4)
    tiff.writeUInt32BE(count, at + 6)
    tiff.writeUInt32BE(value, at + 10)
  }
  entry(8, 0x8769, 4, 1, 26)
  entry(26, 0x9286, 7, length, 44)
  const exif = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff, comment])
  const segment = Buffer.from([0xff, 0xe1, 0, 0])
  segment.writeUInt16BE(exif.length + 2, 2)
  return Buffer.concat([jpeg.subarray(0, 2), segment, exif, jpeg.subarray(2)])
}
