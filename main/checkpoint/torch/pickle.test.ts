import { describe, expect, it } from 'vitest'
import { HeldObject, PickleGlobal } from './pickle-machine.ts'
import { readPickle } from './pickle.ts'

const known = new PickleGlobal('known.thing', (args) => ({ args }))

/** What a stream stands for, given as bytes or as text of one byte a character. */
function read(stream: string): unknown {
  return readPickle(Buffer.from(stream, 'latin1'), {
    global(name) {
      if (name === 'known.thing') return known
      if (name === 'held.Thing') return new PickleGlobal(name, () => new HeldObject(name))
      throw new Error(`unknown ${name}`)
    },
    persistent: (id) => ({ id }),
    fail: (sentence) => new Error(sentence),
  })
}

describe('values', () => {
  it.each<[string, string, unknown]>([
    ['none', 'N.', null],
    ['true', '\x88.', true],
    ['a byte', 'K\xff.', 255],
    ['two bytes', 'M\x01\x02.', 513],
    ['a negative number', 'J\xfe\xff\xff\xff.', -2],
    ['a float', 'G\x3f\xf8\x00\x00\x00\x00\x00\x00.', 1.5],
    ['zero of no bytes', '\x8a\x00.', 0],
    ['a long that fits', '\x8a\x02\x00\xff.', -256],
    ['a long beyond 2^53', '\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01.', 2n ** 64n],
    ['a text', 'X\x03\x00\x00\x00\xc3\xa9!.', 'é!'],
    ['a short text', '\x8c\x02ok.', 'ok'],
    ['a long text', '\x8d\x02\x00\x00\x00\x00\x00\x00\x00ok.', 'ok'],
    ['a list filled one by one and in a row', ']K\x01a(K\x02K\x03e.', [1, 2, 3]],
    ['tuples of any length', ')K\x01\x85K\x02K\x03\x86\x87.', [[], [1], [2, 3]]],
    [
      'a dict',
      '}\x8c\x01aK\x01s(\x8c\x01bK\x02u.',
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
    ],
    ['a set', '\x8f(K\x01K\x01K\x02\x90.', new Set([1, 2])],
    ['a frozen set', '(K\x01\x91.', new Set([1])],
    ['what was remembered', '\x8c\x01aq\x05\x8c\x01b\x94h\x05\x87.', ['a', 'b', 'a']],
    ['the same twice', 'K\x072\x86.', [7, 7]],
    ['what is left when others go', 'K\x01K\x020(K\x03K\x041.', 1],
    ['a frame', '\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00K\x01.', 1],
    ['data outside', 'K\x09Q.', { id: 9 }],
    ['a call', 'cknown\nthing\nK\x01\x85R.', { args: [1] }],
    ['a call by names on the stack', '\x8c\x05known\x8c\x05thing\x93)\x81.', { args: [] }],
  ])('reads %s', (_, stream, value) => {
    expect(read(stream)).toEqual(value)
  })

  it('keeps the state of a held object, and lets go of what fills it', () => {
    expect(read('cheld\nThing\n)R}\x8c\x01aK\x01sbK\x02aK\x03K\x04s.')).toMatchObject({ state: new Map([['a', 1]]) })
  })

  it('remembers a list, not a copy of it', () => {
    const [first, second] = read(']q\x00h\x00K\x05ah\x00\x86.') as unknown[][]
    expect(first).toBe(second)
    expect(first).toEqual([5])
  })
})

describe('streams that do not hold together', () => {
  it.each([
    ['no end', 'N', /expected 1 more bytes/],
    ['nothing at all', '.', /a value on the stack, found none/],
    ['a text beyond the end', 'X\xff\xff\xff\x7fab.', /expected 2147483647 more bytes .* found 3/],
    ['a text beyond any number', '\x8d\xff\xff\xff\xff\xff\xff\xff\xffab.', /expected 18446744073709552000 more bytes/],
    ['a name without end', 'cos', /expected a name of at most/],
    ['an integer of many bytes', '\x8b\x00\x00\x00\x40.', /integers of at most 255 bytes/],
    ['an unknown name', 'cos\nsystem\n.', /unknown os\.system/],
    ['an unknown name on the stack', '\x8c\x02os\x8c\x06system\x93.', /unknown os\.system/],
    ['a name of numbers', 'K\x01K\x02\x93.', /a name, found other values/],
    ['a call of a value', '\x8c\x02os)R.', /a known name to call/],
    ['arguments that are no tuple', 'cknown\nthing\nK\x01R.', /arguments of known\.thing in a tuple/],
    ['a mark that is not there', 'K\x01t.', /a mark on the stack/],
    ['values below a mark', 'K\x01(\x85.', /a value on the stack/],
    ['a key without value', '}(K\x01u.', /keys and values in pairs/],
    ['items for a number', 'K\x01K\x02K\x03s.', /a dict to fill/],
    ['values for a number', 'K\x01K\x02a.', /a list to fill/],
    ['what was never remembered', 'h\x03.', /a value remembered as 3/],
    ['an old way to make an object', '(ios\nsystem\n.', /opcode 0x69/],
    ['a registered extension', '\x82\x01.', /opcode 0x82/],
    ['a later protocol', '\x80\x06N.', /protocol 2 to 5, found 6/],
  ])('refuses %s', (_, stream, message) => {
    expect(() => read(stream)).toThrow(message)
  })

  it('refuses more objects than any checkpoint has', () => {
    expect(() => read('}'.repeat(1_000_001))).toThrow(/at most 1000000 objects/)
  })
})
