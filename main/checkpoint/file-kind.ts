import { resolve } from 'node:path'
import { withFile } from './bounded-file.ts'
import type { BoundedFile } from './bounded-file.ts'
import { readGguf } from './gguf/gguf-file.ts'
import { readSafetensorsFrom } from './safetensors.ts'
import type { TensorIndex } from './tensor-index.ts'
import { readTorchFile } from './torch/torch-file.ts'

/** Files that are often met in a model's place, by how they begin. */
const OTHER_KINDS: readonly { readonly starts: readonly string[]; readonly what: string }[] = [
  { starts: ['GGML', 'lmgg', 'tjgg', 'fmgg'], what: 'an old GGML file, which is not read; convert it to GGUF' },
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

/** torch's own magic number, the integer 0x1950a86a20f9469cfc6c as a pickle stream of protocol 2. */
const OLD_TORCH = '\u0080\u0002\u008a\u000al\u00fc\u009cF\u00f9 j\u00a8P\u0019'
/** Protocols 2 to 5. */
const PICKLES = ['\u0080\u0002', '\u0080\u0003', '\u0080\u0004', '\u0080\u0005']
const SAVE_AGAIN = 'load it with torch and save its weights again as .safetensors'
const TAR_MAGIC_START = 257
const START_BYTES = 264

/**
 * The index of a file of weights. What kind of file it is, its content decides, never its name.
 * @throws StudioError checkpoint-unsupported saying what the file is, or what is wrong with it
 */
export async function readTensorIndex(path: string): Promise<TensorIndex> {
  return withFile(resolve(path), 'file of weights', async (file) => {
    const index = await indexOf(file)
    const { changedAt } = file
    if (changedAt === null) return index
    return { ...index, entries: new Map([...index.entries].map(([name, entry]) => [name, { ...entry, changedAt }])) }
  })
}

/** The same of an open file. @throws StudioError checkpoint-unsupported */
export async function indexOf(file: BoundedFile): Promise<TensorIndex> {
  const start = Buffer.from(await file.read(0, Math.min(START_BYTES, file.sizeBytes))).toString('latin1')
  if (start.startsWith('PK\u0003\u0004')) return readTorchFile(file)
  if (start.startsWith('GGUF')) return readGguf(file)
  const what = otherKind(start)
  if (what === null) return readSafetensorsFrom(file)
  throw file.fail(`expected weights as .safetensors, torch's .ckpt or GGUF, found ${what}`)
}

/** What else a file is that starts like this; null for a safetensors header, right or wrong. */
function otherKind(start: string): string | null {
  for (const { starts, what } of OTHER_KINDS) {
    if (starts.some((magic) => start.startsWith(magic))) return what
  }
  // Eight bytes of header length, then a JSON object: no other kind looks like that.
  if (start[8] === '{') return null
  if (start.startsWith(OLD_TORCH)) return `a file of torch from before PyTorch 1.6, which is not read; ${SAVE_AGAIN}`
  if (PICKLES.some((magic) => start.startsWith(magic)))
    return `a pickled file, which could run code of its own; ${SAVE_AGAIN}`
  if (start.startsWith('ustar', TAR_MAGIC_START)) return `a tar archive, as torch once wrote; ${SAVE_AGAIN}`
  return start.length <= 8 ? null : 'a file of no kind that this studio knows'
}
