import { describe, expect, test } from 'vitest'
import { USUAL_WIDTHS } from './memory-need.ts'
import { memoryPlan } from './memory-plan.ts'
import type { PlanInput } from './memory-plan.ts'

const GIB = 2 ** 30
const float16 = (values: number, largest = values / 30) => ({
  storedBytes: values * 2,
  float32Bytes: values * 4,
  largestBytes: largest * 4,
  isInPieces: values * 4 > 512e6,
})
const SD1 = {
  textEncoders: [float16(123e6)],
  unet: float16(859.5e6),
  decoder: float16(49.5e6),
  encoder: float16(34e6),
}
const SDXL = { ...SD1, textEncoders: [float16(123e6), float16(695e6)], unet: float16(2567e6, 29.5e6) }

function planned(gib: number, changes: Partial<PlanInput> = {}, [widthPx, heightPx] = [512, 512]) {
  return memoryPlan({
    sizes: SD1,
    widths: USUAL_WIDTHS,
    picture: { widthPx, heightPx, batch: 2 },
    hasInput: false,
    choice: 'auto',
    availableBytes: gib * GIB,
    ...changes,
  })
}

describe('the fastest way that fits is chosen', () => {
  test.for<[gib: number, use: string, isReleasing: boolean, fits: boolean]>([
    [16, 'fast', false, true],
    [5.5, 'fast', true, true],
    [4.2, 'small', false, true],
    [3.2, 'small', true, true],
    [1, 'small', true, false],
  ])('Stable Diffusion 1.5 at 512 with %d GiB: %s, releasing %s, fits %s', ([gib, use, isReleasing, fits]) => {
    expect(planned(gib)).toMatchObject({ use, isReleasing, fits })
  })

  test('Stable Diffusion XL at 1024 runs small in 16 GiB, and fast with more', () => {
    const at = (gib: number, choice: PlanInput['choice']) => planned(gib, { sizes: SDXL, choice }, [1024, 1024])
    expect(at(16, 'small')).toMatchObject({ use: 'small', isReleasing: false, tilePx: null, fits: true })
    expect(at(32, 'auto')).toMatchObject({ use: 'fast', fits: true })
  })
})

test('weights in blocks take more while they load fast, and as stored less', () => {
  const blocks = (values: number) => ({
    ...float16(values),
    storedBytes: (values / 32) * 34,
    blockBytes: values * 4,
  })
  const unet = blocks(859.5e6)
  const whole = { ...SD1, unet, decoder: blocks(49.5e6) }
  const decoder = (sizes: typeof SD1) => planned(16, { sizes, choice: 'fast' }).networks.at(-1)?.weightBytes ?? 0
  expect(decoder(whole) / (49.5e6 * 4)).toBeCloseTo(3.5)
  const [halves, packed] = [planned(16), planned(16, { sizes: { ...SD1, unet } })]
  // Of one piece at a time.
  expect(packed.peakBytes - halves.peakBytes).toBeGreaterThan(0.9e9)
  expect(packed.peakBytes - halves.peakBytes).toBeLessThan(1.3e9)
  expect(planned(5.5, { sizes: { ...SD1, unet } })).toMatchObject({ use: 'small', fits: true })
})

test('a ControlNet is held beside its U-Net, also where networks are closed between stages', () => {
  const control = float16(361e6)
  const without = planned(5.5)
  const plan = planned(5.5, { sizes: { ...SD1, controls: [control] } })
  expect(without).toMatchObject({ use: 'fast', isReleasing: true })
  expect(plan).toMatchObject({ use: 'small', fits: true })
  expect(plan.networks.map(({ name }) => name)).toEqual(['text encoder', 'U-Net', 'ControlNet', 'decoder'])
  const two = planned(16, { sizes: { ...SD1, controls: [control, control] }, choice: 'small' })
  expect(two.peakBytes - planned(16, { choice: 'small' }).peakBytes).toBe(2 * control.storedBytes)
})

test('a choice is kept to, also where it does not fit', () => {
  expect(planned(64, { choice: 'small' })).toMatchObject({ use: 'small', fits: true })
  expect(planned(2, { choice: 'fast' })).toMatchObject({ use: 'fast', fits: false })
})

test('pictures are coded in tiles where they are large, smaller ones where memory is short', () => {
  expect(planned(16, {}, [1024, 1024]).tilePx).toBeNull()
  expect(planned(16, {}, [2048, 2048]).tilePx).toBe(1024)
  const [most, least] = [planned(16, {}, [2048, 2048]), planned(4, {}, [2048, 2048])]
  expect(least.tilePx).toBeLessThan(most.tilePx ?? 0)
})

test('a larger picture, and a second item in the batch, need more', () => {
  const peak = (sides: [number, number], batch: number) =>
    planned(64, { picture: { widthPx: sides[0], heightPx: sides[1], batch } })
      .networks.map(({ passBytes }) => passBytes)
      .reduce((sum, bytes) => sum + bytes)
  expect(peak([768, 512], 1)).toBeGreaterThan(peak([512, 512], 1))
  expect(peak([1024, 1024], 2)).toBeGreaterThan(peak([1024, 1024], 1))
})

test('the sentence says how, how much, and whether it may be too little', () => {
  expect(planned(16).sentence).toMatch(/^weights as float32, for speed: \d+\.\d GiB at most, 16\.0 GiB free$/)
  expect(planned(1).sentence).toMatch(/^weights as stored.*closed between stages.*256 pixels.*it may not be enough$/)
})
