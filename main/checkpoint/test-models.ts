import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { readSafetensors } from './safetensors.ts'

const PROJECT = resolve(import.meta.dirname, '../..')
const FIXTURES = join(PROJECT, 'bench/parity/fixtures')

/** Models of the project that tests open, and of which they take copies to break. */
export const SOUND_MODELS = {
  singleFile: join(FIXTURES, 'tiny-sd1-ldm/model.safetensors'),
  diffusers: join(FIXTURES, 'tiny-sd1-diffusers'),
  sd2: join(FIXTURES, 'tiny-sd2-ldm/model.safetensors'),
  sdxl: join(FIXTURES, 'tiny-sdxl/model.safetensors'),
  starter: join(PROJECT, 'resources/models/starter'),
}

interface TestModels {
  /** An empty folder. */
  readonly temporaryFolder: () => Promise<string>
  /** A copy of the diffusers model, without its reference outputs. */
  readonly copyDiffusers: (name?: string, into?: string) => Promise<string>
  /** A copy of the single-file model, without the configuration beside it. */
  readonly copySingleFile: (name?: string, into?: string) => Promise<string>
}

/** Makes folders and models to break; `onTestFinished` is Vitest's, and takes them away again. */
export function testModels(onTestFinished: (clean: () => Promise<void>) => void): TestModels {
  async function temporaryFolder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'models-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    return folder
  }
  return {
    temporaryFolder,
    async copyDiffusers(name = 'model', into) {
      const folder = join(into ?? (await temporaryFolder()), name)
      await cp(SOUND_MODELS.diffusers, folder, { recursive: true, filter: (path) => basename(path) !== 'reference' })
      return folder
    },
    async copySingleFile(name = 'model.safetensors', into) {
      const path = join(into ?? (await temporaryFolder()), name)
      await cp(SOUND_MODELS.singleFile, path)
      return path
    },
  }
}

/** Changes fields of a JSON file; undefined removes one. */
export async function editJson(path: string, changes: Record<string, unknown>): Promise<void> {
  const value = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  await writeFile(path, JSON.stringify({ ...value, ...changes }))
}

export interface StoredTensor {
  dtype: string
  shape: readonly number[]
  bytes: Uint8Array
}

/** Writes a .safetensors file. */
export async function writeTensors(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata?: Readonly<Record<string, string>>,
): Promise<void> {
  let end = 0
  const header: [string, unknown][] = metadata === undefined ? [] : [['__metadata__', metadata]]
  for (const [name, { dtype, shape, bytes }] of tensors) {
    header.push([name, { dtype, shape, data_offsets: [end, (end += bytes.length)] }])
  }
  const text = Buffer.from(JSON.stringify(Object.fromEntries(header)))
  const prefix = Buffer.alloc(8)
  prefix.writeBigUInt64LE(BigInt(text.length))
  await writeFile(path, Buffer.concat([prefix, text, ...[...tensors.values()].map(({ bytes }) => bytes)]))
}

/** Rewrites a .safetensors file with its tensors changed. */
export async function editTensors(path: string, edit: (tensors: Map<string, StoredTensor>) => void): Promise<void> {
  const data = await readFile(path)
  const { entries } = await readSafetensors(path)
  const tensors = new Map<string, StoredTensor>()
  for (const { name, dtype, shape, offset, sizeBytes } of entries.values()) {
    tensors.set(name, { dtype, shape, bytes: data.subarray(offset, offset + sizeBytes) })
  }
  edit(tensors)
  await writeTensors(path, tensors)
}

/** Gives every tensor the name that `rename` makes of its own; null leaves it out. */
export function renamed(tensors: Map<string, StoredTensor>, rename: (name: string) => string | null): void {
  const all = [...tensors]
  tensors.clear()
  for (const [name, tensor] of all) {
    const next = rename(name)
    if (next !== null) tensors.set(next, tensor)
  }
}

/** Gives the U-Net of an original-layout file in float16 more input channels, with small weights of their own. */
export function widenInput(tensors: Map<string, StoredTensor>, channels: number): void {
  const name = 'model.diffusion_model.input_blocks.0.0.weight'
  const found = tensors.get(name)
  if (!found) throw new Error(`expected the tensor ${name}`)
  const [width = 0, own = 0, ...kernel] = found.shape
  const cells = kernel.reduce((product, side) => product * side, 1)
  const old = new Uint16Array(Uint8Array.from(found.bytes).buffer)
  const values = Uint16Array.from({ length: width * channels * cells }, (_, i) => {
    const [row, column] = [Math.floor(i / (channels * cells)), i % (channels * cells)]
    // In float16 from 0.03 up, of either sign.
    return column < own * cells ? (old[row * own * cells + column] ?? 0) : 0x2800 + (i % 512) + (i % 2) * 0x8000
  })
  tensors.set(name, { ...found, shape: [width, channels, ...kernel], bytes: new Uint8Array(values.buffer) })
}

/** Makes of the tiny SD XL a refiner: its second text encoder alone, and a vector with room for five numbers. */
export function toRefiner(tensors: Map<string, StoredTensor>): void {
  renamed(tensors, (name) => {
    if (name.startsWith('conditioner.embedders.0.')) return null
    return name.replace('conditioner.embedders.1.', 'conditioner.embedders.0.')
  })
  const width = tensors.get('conditioner.embedders.0.model.ln_final.weight')?.shape[0] ?? 0
  for (const [name, tensor] of tensors) {
    if (/attn2\.to_[kv]\.weight$/.test(name)) tensors.set(name, columns(tensor, width))
    if (name.endsWith('label_emb.0.0.weight')) tensors.set(name, columns(tensor, width + 5 * 256))
  }
}

/** The first columns of a matrix of float16. */
function columns({ dtype, shape, bytes }: StoredTensor, count: number): StoredTensor {
  const [rows = 0, own = 0] = shape
  const values = new Uint16Array(Uint8Array.from(bytes).buffer)
  const kept = values.filter((_, i) => i % own < count)
  return { dtype, shape: [rows, count], bytes: new Uint8Array(kept.buffer) }
}
