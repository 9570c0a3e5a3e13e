import { widenHalf } from '../float-formats.ts'
import { ggufBytes, q8Blocks } from '../gguf/test-writer.ts'
import { pickledName, pickleBytes, torchBytes, zipBytes } from '../torch/test-writer.ts'
import type { Saved } from '../torch/test-writer.ts'
import type { Region } from './mutations.ts'

/** A small sound file, and where in it the structure lies. */
export interface Sample {
  readonly what: string
  readonly bytes: Buffer
  readonly regions: readonly Region[]
}

const data = Buffer.alloc(256, 0x3c)
const storages = new Map([
  ['0', data],
  ['1', data.subarray(0, 64)],
])
const weights = new Map<string, Saved>([
  ['a.weight', { storage: '0', type: 'FloatStorage', elements: 64, shape: [8, 8] }],
  ['a.rows', { storage: '0', type: 'FloatStorage', elements: 64, shape: [2, 8], offset: 16 }],
  ['b.weight', { storage: '1', type: 'HalfStorage', elements: 32, shape: [32, 1, 1, 1] }],
])
const trained = new Map<string, Saved>([
  ['epoch', 3],
  ['lr', 1e-4],
  ['callbacks', [{ name: 'pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint' }]],
  [
    'best',
    { call: 'numpy.core.multiarray.scalar', args: [{ call: 'numpy.dtype', args: ['f8'], state: { tuple: [3, '<'] } }] },
  ],
  ['state_dict', weights],
])

/** A stream of protocol 4, as newer versions may write: names from the stack, everything remembered. */
function laterStream(): Buffer {
  const stream = pickleBytes(weights)
  const name = pickledName('collections.OrderedDict')
  const fromStack = Buffer.from('\x8c\x0bcollections\x94\x8c\x0bOrderedDict\x94\x93\x94', 'latin1')
  const framed = Buffer.from('\x80\x04\x95\xff\x00\x00\x00\x00\x00\x00\x00', 'latin1')
  const body = stream.subarray(2).toString('latin1').replaceAll(name.toString('latin1'), fromStack.toString('latin1'))
  return Buffer.concat([framed, Buffer.from(body, 'latin1')])
}

/** Sound pickle streams of the weights. */
export const STREAMS: readonly Buffer[] = [pickleBytes(trained), pickleBytes(weights), laterStream()]

/** A sound archive around a stream. */
export function archiveOf(stream: Buffer): Buffer {
  const files = [...storages].map(([key, bytes]) => ({ name: `archive/data/${key}`, bytes }))
  return zipBytes([{ name: 'archive/data.pkl', bytes: stream }, ...files])
}

function safetensors(header: unknown, content: Buffer): Buffer {
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([length, text, content])
}

export const SAFETENSORS_HEADER = {
  __metadata__: { format: 'pt' },
  'a.weight': { dtype: 'F32', shape: [4, 8], data_offsets: [0, 128] },
  'b.weight': { dtype: 'F16', shape: [64], data_offsets: [128, 256] },
}

export function safetensorsOf(header: unknown): Buffer {
  return safetensors(header, data)
}

function zipSample(what: string, bytes: Buffer): Sample {
  const stream = bytes.indexOf('data.pkl')
  const streamEnd = bytes.indexOf('PK', stream)
  const directory = bytes.indexOf('PK\x01\x02')
  // Torch's own places: the stream, the entries' headers, the directory and its end.
  return {
    what,
    bytes,
    regions: [
      [stream, streamEnd],
      [stream, streamEnd],
      [0, directory],
      [directory, bytes.length],
      [bytes.length - 100, bytes.length],
    ],
  }
}

/** One of each format and its dialects. */
export function samples(): Sample[] {
  const wide = [
    { name: 'archive/data.pkl', bytes: laterStream() },
    { name: 'archive/byteorder', bytes: Buffer.from('little') },
    ...[...storages].map(([key, bytes]) => ({ name: `archive/data/${key}`, bytes })),
  ]
  const tensors = new Map([
    ['a.weight', { shape: [4, 8], type: 0, bytes: data.subarray(0, 128) }],
    ['b.weight', { shape: [2, 32], type: 8, bytes: q8Blocks(widenHalf(new Uint16Array(64))) }],
  ])
  const metadata = { 'general.architecture': 'sd1', 'general.alignment': 32, 'comfy.gguf.orig_shape.b.weight': [8, 8] }
  const gguf = ggufBytes(tensors, metadata)
  const plain = safetensorsOf(SAFETENSORS_HEADER)
  return [
    {
      what: '.safetensors',
      bytes: plain,
      regions: [
        [0, 8],
        [8, plain.length - 256],
        [8, plain.length],
      ],
    },
    zipSample('torch, of Lightning', torchBytes(trained, storages)),
    zipSample('torch, a dict alone', torchBytes(weights, storages, 'sd-v1-4')),
    zipSample('torch, 64-bit, protocol 4', zipBytes(wide, true)),
    {
      what: 'GGUF',
      bytes: gguf,
      regions: [
        [0, 24],
        [24, 300],
        [24, gguf.length - 256],
      ],
    },
  ]
}
