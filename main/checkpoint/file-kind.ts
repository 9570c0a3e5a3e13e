import { open } from 'node:fs/promises'
import { StudioError } from '../contract/failure.ts'
import { readSafetensors } from './safetensors.ts'
import type { TensorIndex } from './tensor-index.ts'

/** Files that are often met in a model's place, by how they begin. */
const OTHER_KINDS: readonly { readonly starts: readonly string[]; readonly what: string }[] = [
  { starts: ['PK\u0003\u0004'], what: 'a zip archive, as torch saves .ckpt and .pt; this kind is not read yet' },
  { starts: ['GGUF', 'GGML', 'lmgg'], what: 'a GGUF file; this kind is not read yet' },
  { starts: ['\u0089HDF'], what: 'an HDF5 file; this kind is not read' },
  {
    starts: ['version https://git-lfs'],
    what: 'a Git LFS pointer instead of the weights; fetch them with git lfs pull',
  },
  {
    starts: ['<!DOCTYPE', '<!doctype', '<html', '<?xml'],
    what: 'a web page, as a failed download leaves; download it again',
  },
  { starts: ['\u0089PNG', '\u00ff\u00d8\u00ff', 'GIF8', 'RIFF'], what: 'a picture or media file' },
]

const PICKLE = 'a pickled file of torch, which could run code of its own; this kind is not read'

/**
 * The index of a file of weights. What kind of file it is, its content decides, never its name.
 * @throws StudioError checkpoint-unsupported saying what the file is, or what is wrong with it
 */
export async function readTensorIndex(path: string): Promise<TensorIndex> {
  const start = await readStart(path)
  const what = otherKind(start)
  if (what === null) return readSafetensors(path)
  throw new StudioError('checkpoint-unsupported', `${path}: expected a .safetensors file, found ${what}`)
}

/** What else a file is that starts like this; null for a safetensors header, right or wrong. */
function otherKind(start: Buffer): string | null {
  const text = start.toString('latin1')
  for (const { starts, what } of OTHER_KINDS) {
    if (starts.some((magic) => text.startsWith(magic))) return what
  }
  // Eight bytes of header length, then a JSON object: no other kind looks like that.
  const isHeader = text[8] === '{'
  if (isHeader) return null
  if (start[0] === 0x80 && start[1] !== undefined && start[1] >= 2 && start[1] <= 5) return PICKLE
  return start.length <= 8 ? null : 'a file of no kind that this studio knows'
}

async function readStart(path: string): Promise<Buffer> {
  try {
    const handle = await open(path, 'r')
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(32), 0, 32, 0)
      return buffer.subarray(0, bytesRead)
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw new StudioError('checkpoint-unsupported', `${path}: expected a readable file of weights, found none`, {
      cause: error,
    })
  }
}
