import { describe, expect, it } from 'vitest'
import { attentionFragments } from './attention.ts'
import { comfyFragments } from './comfyui.ts'
import { composedPrompts } from './composition.ts'
import type { Fragment } from './fragment.ts'
import { invokeFragments } from './invokeai.ts'
import { promptStages } from './schedule.ts'

const plain = (fragments: readonly Fragment[]) => fragments.map(({ text, weight }) => [text, Number(weight.toFixed(4))])

describe('AUTOMATIC1111', () => {
  it('multiplies nested brackets, divides by square ones, and takes a weight for its bracket', () => {
    expect(plain(attentionFragments('a ((b)) [c] (d:0.5)'))).toEqual([
      ['a ', 1],
      ['b', 1.21],
      [' ', 1],
      ['c', 0.9091],
      [' ', 1],
      ['d', 0.5],
    ])
  })

  it('knows where each piece stands in what was typed', () => {
    const text = 'a (b:1.2), c BREAK d'
    const starts = attentionFragments(text).map(({ start }) => text.charAt(start))
    expect(starts).toEqual(['a', 'b', ',', 'B', 'd'])
  })

  it('refuses a weight that is no number', () => {
    expect(() => attentionFragments('(a:1.2.3)')).toThrow('expected a weight such as 1.2, found "1.2.3"')
  })

  it('changes the text at a step, in turns, and inside of weights', () => {
    expect(promptStages('a [cat:dog:0.5] in [rain|snow]', 4).map(({ text }) => text)).toEqual([
      'a cat in rain',
      'a cat in snow',
      'a dog in rain',
      'a dog in snow',
    ])
    expect(promptStages('(x [y:z:2]:1.2)', 4)).toEqual([
      { until: 2, text: '(x y:1.2)' },
      { until: 4, text: '(x z:1.2)' },
    ])
  })

  it.each(['a [b', 'a ]b[ c', '[a:b]', 'a|b [c:2]', '[', '[]:]', '\\'])('leaves %j as it is', (text) => {
    expect(promptStages(text, 10)).toEqual([{ until: 10, text }])
  })

  it('splits prompts at AND, with the weight that ends each', () => {
    expect(composedPrompts('a cat :1.2 AND a dog AND SAND:-1')).toEqual([
      { text: 'a cat', weight: 1.2 },
      { text: ' a dog', weight: 1 },
      { text: ' SAND', weight: -1 },
    ])
  })
})

describe('ComfyUI', () => {
  it.each<[string, (string | number)[][]]>([
    [
      'a (b) c',
      [
        ['a ', 1],
        ['b', 1.1],
        [' c', 1],
      ],
    ],
    [
      '((a:1.2) b:1.5)',
      [
        ['a', 1.2],
        [' b', 1.5],
      ],
    ],
    ['((a))', [['a', 1.21]]],
    ['[a] \\(b\\)', [['[a] (b)', 1]]],
    ['(a:b)', [['a:b', 1.1]]],
    ['(a', [['(a', 1]]],
    ['', []],
  ])('reads %j', (text, expected) => {
    expect(plain(comfyFragments(text))).toEqual(expected)
  })
})

// The cases are those of the compel library's own tests: their meaning, not their code.
describe('InvokeAI', () => {
  it.each<[string, (string | number)[][]]>([
    ['', [['', 1]]],
    ['fire (flames)', [['fire flames', 1]]],
    ['fire, flames , fire', [['fire, flames , fire', 1]]],
    ['cat hot-dog eating', [['cat hot-dog eating', 1]]],
    ['(flames)0.5', [['flames', 0.5]]],
    [
      'fire flames.attend(0.5)',
      [
        ['fire', 1],
        ['flames', 0.5],
      ],
    ],
    ['"flames".attend(+)', [['flames', 1.1]]],
    [
      '(flowers)--- flames+++',
      [
        ['flowers', 0.729],
        ['flames', 1.331],
      ],
    ],
    [
      '(pretty flowers)+, the flames are too hot',
      [
        ['pretty flowers', 1.1],
        [', the flames are too hot', 1],
      ],
    ],
    [
      'fire (flames (trees)1.5)2.0',
      [
        ['fire', 1],
        ['flames', 2],
        ['trees', 3],
      ],
    ],
    ['a badly formed +test prompt', [['a badly formed +test prompt', 1]]],
    ['a badly (formed test prompt', [['a badly (formed test prompt', 1]]],
    ['hamburger ((kaiser roll))', [['hamburger kaiser roll', 1]]],
    [
      'face, teeth, eyes--',
      [
        ['face, teeth,', 1],
        ['eyes', 0.81],
      ],
    ],
  ])('reads %j', (text, expected) => {
    expect(plain(invokeFragments(text))).toEqual(expected)
  })
})
