import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it, onTestFinished } from 'vitest'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { pictureTensor, previewDataUrl, readPicture, writePicture, writeThumbnail } from './picture.ts'
import { readTexts } from './png-text.ts'

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'picture-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

/** A picture of one colour: pixels of 0-255, with alpha where four are given. */
function plain(width: number, height: number, colour: readonly number[]) {
  const data = Uint8Array.from({ length: width * height * colour.length }, (_, i) => colour[i % colour.length] ?? 0)
  return sharp(data, { raw: { width, height, channels: colour.length === 4 ? 4 : 3 } })
}

/** A picture that is red on its left half and blue on its right. */
function redAndBlue(width: number, height: number) {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const isLeft = Math.floor(i / 3) % width < width / 2
    return i % 3 === (isLeft ? 0 : 2) ? 255 : 0
  })
  return sharp(data, { raw: { width, height, channels: 3 } })
}

const gradient = (height: number, width: number): Tensor =>
  tensor(
    [1, 3, height, width],
    Float32Array.from({ length: 3 * height * width }, (_, i) => Math.sin(i / 50)),
  )

/** The 8-bit colour at a place, from a tensor. */
function colourAt({ shape, data }: Tensor, x: number, y: number): number[] {
  const [, , height = 0, width = 0] = shape
  return [0, 1, 2].map((channel) => Math.round(((data[(channel * height + y) * width + x] ?? 0) + 1) * 127.5))
}

describe('readPicture', () => {
  it.each(['png', 'jpeg', 'webp', 'avif', 'tiff', 'gif'] as const)('knows a %s', async (format) => {
    const bytes = await plain(24, 16, [200, 100, 50]).toFormat(format).toBuffer()
    expect(await readPicture(bytes)).toEqual({ format, widthPx: 24, heightPx: 16, hasAlpha: format === 'gif' })
  })

  it('takes a region of the picture as it is shown, after its EXIF orientation', async () => {
    const bytes = await redAndBlue(24, 16).png().withMetadata({ orientation: 6 }).toBuffer()
    // Turned upright it is 16 wide and 24 high, red above.
    const region = { left: 2, top: 8, widthPx: 10, heightPx: 8 }
    const part = await pictureTensor(bytes, { widthPx: 10, heightPx: 8, fit: 'stretch', region })
    expect([colourAt(part, 5, 0), colourAt(part, 5, 3)]).toEqual([
      [255, 0, 0],
      [255, 0, 0],
    ])
    expect([colourAt(part, 5, 4), colourAt(part, 5, 7)]).toEqual([
      [0, 0, 255],
      [0, 0, 255],
    ])
  })

  it('turns a photograph upright', async () => {
    const bytes = await redAndBlue(24, 16).jpeg().withMetadata({ orientation: 6 }).toBuffer()
    expect(await readPicture(bytes)).toMatchObject({ widthPx: 16, heightPx: 24 })
    const upright = await pictureTensor(bytes, { widthPx: 16, heightPx: 24, fit: 'stretch' })
    expect(colourAt(upright, 8, 2)[0]).toBeGreaterThan(240)
    expect(colourAt(upright, 8, 21)[2]).toBeGreaterThan(240)
  })

  it.each([
    ['an empty file', new Uint8Array(0)],
    ['text', Buffer.from('a red fox')],
    ['a drawing', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>')],
  ])('refuses %s', async (_, bytes) => {
    const failure = {
      code: 'invalid-request',
      message: expect.stringMatching(/expected a whole PNG, JPEG.*found/) as string,
    }
    await expect(readPicture(bytes)).rejects.toMatchObject(failure)
  })

  it.each(['png', 'jpeg', 'webp'] as const)('refuses a %s that breaks off, naming the file', async (format) => {
    const path = join(await temporaryFolder(), `half.${format}`)
    const whole = await redAndBlue(300, 300).toFormat(format).toBuffer()
    await writeFile(path, whole.subarray(0, whole.length / 2))
    const failure = { code: 'invalid-request', message: expect.stringMatching(/^half\..*cannot be read/) as string }
    await expect(readPicture(path)).rejects.toMatchObject(failure)
  })

  it('refuses more pixels than it could hold, saying how many', async () => {
    const bytes = await sharp({ create: { width: 12_000, height: 9_000, channels: 3, background: 'black' } })
      .png({ compressionLevel: 1 })
      .toBuffer()
    await expect(readPicture(bytes)).rejects.toThrow(/at most 100 million pixels, found 12000 x 9000/)
  })

  it('says when there is no file', async () => {
    await expect(readPicture(join(await temporaryFolder(), 'none.png'))).rejects.toMatchObject({ code: 'not-found' })
  })
})

describe('pictureTensor', () => {
  it('maps 0 to -1 and 255 to 1, planes in the order red, green, blue', async () => {
    const bytes = await plain(4, 2, [255, 0, 51]).png().toBuffer()
    const { shape, data } = await pictureTensor(bytes, { widthPx: 4, heightPx: 2, fit: 'crop' })
    expect(shape).toEqual([1, 3, 2, 4])
    expect([...data]).toEqual([
      ...Array<number>(8).fill(1),
      ...Array<number>(8).fill(-1),
      ...Array<number>(8).fill(Math.fround(-0.6)),
    ])
  })

  it('lays transparent parts on white', async () => {
    const bytes = await plain(4, 4, [255, 0, 0, 0]).png().toBuffer()
    expect(colourAt(await pictureTensor(bytes, { widthPx: 4, heightPx: 4, fit: 'crop' }), 1, 1)).toEqual([
      255, 255, 255,
    ])
  })

  it.each([
    ['a grey picture', () => plain(8, 8, [90, 90, 90]).greyscale().png(), [90, 90, 90]],
    ['16 bits a channel', () => plain(8, 8, [255, 128, 0]).toColourspace('rgb16').png(), [255, 128, 0]],
    ['a palette', () => plain(8, 8, [255, 0, 0]).png({ palette: true }), [255, 0, 0]],
  ])('reads %s as sRGB', async (_, make, colour) => {
    const picture = await pictureTensor(await make().toBuffer(), { widthPx: 8, heightPx: 8, fit: 'crop' })
    expect(colourAt(picture, 4, 4)).toEqual(colour)
  })

  it('crops evenly, contains with its edges continued, or stretches', async () => {
    const bytes = await redAndBlue(64, 32).png().toBuffer()
    const fitted = (fit: 'crop' | 'contain' | 'stretch') => pictureTensor(bytes, { widthPx: 32, heightPx: 32, fit })
    const [crop, contain, stretch] = [await fitted('crop'), await fitted('contain'), await fitted('stretch')]
    for (const picture of [crop, contain, stretch]) {
      expect(picture.shape).toEqual([1, 3, 32, 32])
      expect(colourAt(picture, 2, 16)).toEqual([255, 0, 0])
      expect(colourAt(picture, 29, 16)).toEqual([0, 0, 255])
    }
    expect(colourAt(contain, 2, 0)).toEqual([255, 0, 0])
    expect(colourAt(contain, 29, 31)).toEqual([0, 0, 255])
  })

  it('keeps a picture of the wanted size as it is', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'a.png')
    const original = gradient(24, 40)
    await writePicture(original, path, { texts: {} })
    for (const fit of ['crop', 'contain', 'stretch'] as const) {
      const { data } = await pictureTensor(path, { widthPx: 40, heightPx: 24, fit })
      const errors = data.map((value, i) => Math.abs(value - (original.data[i] ?? 0)))
      expect(Math.max(...errors)).toBeLessThan(0.5 / 127.5 + 1e-6)
    }
  })
})

describe('writePicture', () => {
  it('writes the same bytes for the same picture, with its texts, and nothing else', async () => {
    const folder = await temporaryFolder()
    const texts = { parameters: 'ein Fuchs im Schnee, 雪', other: 'café' }
    const written = await writePicture(gradient(40, 24), join(folder, 'a.png'), { texts })
    await writePicture(gradient(40, 24), join(folder, 'b.png'), { texts })
    const bytes = await readFile(join(folder, 'a.png'))
    expect(written).toEqual({ widthPx: 24, heightPx: 40, sizeBytes: bytes.length })
    expect(bytes.equals(await readFile(join(folder, 'b.png')))).toBe(true)
    expect(await readTexts(bytes)).toEqual(texts)
    expect((await sharp(bytes).metadata()).space).toBe('srgb')
    expect((await readdir(folder)).sort()).toEqual(['a.png', 'b.png'])
  })

  it('refuses a picture that holds not-a-number', async () => {
    const path = join(await temporaryFolder(), 'a.png')
    const broken = tensor([1, 3, 8, 8], new Float32Array(192).fill(Number.NaN, 5, 6))
    await expect(writePicture(broken, path, { texts: {} })).rejects.toMatchObject({ code: 'internal' })
  })

  it('leaves nothing behind where it cannot write', async () => {
    const folder = await temporaryFolder()
    const failure = { code: 'internal', message: expect.stringContaining('ENOENT') as string }
    await expect(writePicture(gradient(8, 8), join(folder, 'no', 'a.png'), { texts: {} })).rejects.toMatchObject(
      failure,
    )
    expect(await readdir(folder)).toEqual([])
  })
})

describe('writeThumbnail', () => {
  it('brings the long edge to 384 px', async () => {
    const path = join(await temporaryFolder(), 'a.webp')
    expect(await writeThumbnail(gradient(768, 512), path)).toMatchObject({ widthPx: 256, heightPx: 384 })
    expect(await readPicture(path)).toMatchObject({ format: 'webp', widthPx: 256, heightPx: 384 })
  })

  it('keeps a small picture pixel by pixel', async () => {
    const folder = await temporaryFolder()
    await writeThumbnail(gradient(128, 128), join(folder, 'a.webp'))
    await writePicture(gradient(128, 128), join(folder, 'a.png'), { texts: {} })
    const [thumbnail, picture] = await Promise.all(
      ['a.webp', 'a.png'].map((name) => sharp(join(folder, name)).raw().toBuffer()),
    )
    expect(thumbnail).toEqual(picture)
  })

  it('takes a file, and lays its transparent parts on white', async () => {
    const path = join(await temporaryFolder(), 'a.webp')
    await writeThumbnail(await plain(800, 400, [0, 0, 0, 0]).png().toBuffer(), path)
    expect(await readPicture(path)).toMatchObject({ widthPx: 384, heightPx: 192, hasAlpha: false })
    expect([...(await sharp(path).raw().toBuffer()).subarray(0, 3)]).toEqual([255, 255, 255])
  })
})

describe('previewDataUrl', () => {
  it('is a PNG of the picture', async () => {
    const url = previewDataUrl(gradient(6, 10))
    expect(url).toMatch(/^data:image\/png;base64,/)
    const decoded = await pictureTensor(Buffer.from(url.slice(url.indexOf(',') + 1), 'base64'), {
      widthPx: 10,
      heightPx: 6,
      fit: 'crop',
    })
    expect(Math.max(...decoded.data.map((value, i) => Math.abs(value - Math.sin(i / 50))))).toBeLessThan(
      0.5 / 127.5 + 1e-6,
    )
  })
})
