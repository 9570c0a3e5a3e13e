import { expect, it } from 'vitest'
import type { ClipTextConfig } from '../checkpoint/config.ts'
import { CLIP_L } from '../checkpoint/test-configs.ts'
import { clipSkipFor } from './clip-skip.ts'

const openClip = { ...CLIP_L, hiddenSize: 1024, layerCount: 24, activation: 'gelu' } as const

it('counts from the end of the whole network, also where a folder comes without its last layer', () => {
  expect([1, 2, 12].map((skip) => clipSkipFor(CLIP_L, skip))).toEqual([1, 2, 12])
  expect(clipSkipFor(openClip, 2)).toBe(2)
  expect(clipSkipFor({ ...openClip, layerCount: 23 }, 2)).toBe(1)
})

it('refuses a layer that is not there at its field', () => {
  const refused = (config: ClipTextConfig, skip: number) => () => clipSkipFor(config, skip)
  expect(refused({ ...CLIP_L, layerCount: 3 }, 4)).toThrow(
    "expected a layer from 1 to 3, counted from the text encoder's end, found 4",
  )
  expect(refused({ ...openClip, layerCount: 23 }, 1)).toThrow('expected a layer from 2 to 24')
  expect(refused({ ...CLIP_L, layerCount: 3 }, 4)).toThrow(expect.objectContaining({ field: 'clipSkip' }))
})
