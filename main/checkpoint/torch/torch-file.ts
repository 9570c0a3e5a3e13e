import type { BoundedFile } from '../bounded-file.ts'
import { DTYPE_BYTES, storedBytes } from '../tensor-index.ts'
import type { TensorEntry, TensorIndex } from '../tensor-index.ts'
import { readStorageId, torchGlobals } from './globals.ts'
import type { TorchStorage, TorchTensor } from './globals.ts'
import { readPickle } from './pickle.ts'
import { stateDict } from './state-dict.ts'
import { dataPlaces } from './storage-places.ts'
import type { DataPlace } from './storage-places.ts'
import { readZipDirectory, requireStored, storedDataStart } from './zip.ts'
import type { ZipDirectory } from './zip.ts'

/** Streams of checkpoints with optimiser and averaged weights take a few megabytes. */
const MAX_PICKLE_BYTES = 64 << 20

/**
 * The index of a file that torch.save wrote since PyTorch 1.6: a zip archive of a pickle stream, which is read and not
 * run, and of the tensors' data, which lies uncompressed and is used in place.
 * @throws StudioError checkpoint-unsupported
 */
export async function readTorchFile(file: BoundedFile): Promise<TensorIndex> {
  const zip = await readZipDirectory(file)
  const folder = archiveFolder(file, zip)
  await checkByteOrder(file, zip, folder)

  const { tensors, metadata } = stateDict(file, await readStream(file, zip, folder))
  const nameOf = (tensor: TorchTensor): string => `${folder}/data/${tensor.storage.key}`
  const places = await dataPlaces(file, zip, [...new Set([...tensors.values()].map(nameOf))])
  const entries = new Map<string, TensorEntry>()
  for (const [name, tensor] of tensors) {
    const place = places.get(nameOf(tensor))
    if (place) entries.set(name, tensorEntry(file, name, tensor, place))
  }
  return { file: file.path, sizeBytes: file.sizeBytes, entries, metadata }
}

/** torch puts all entries into one folder, named after the file or `archive`. */
function archiveFolder(file: BoundedFile, { entries }: ZipDirectory): string {
  const folders = [...entries.keys()].flatMap((name) => /^([^/]+)\/data\.pkl$/.exec(name)?.[1] ?? [])
  const [folder] = folders
  if (folder !== undefined && folders.length === 1) return folder
  const some = [...entries.keys()].slice(0, 3).join(', ') || 'nothing'
  throw file.fail(`expected a zip archive as torch writes it, with one data.pkl, found ${some}`)
}

async function checkByteOrder(file: BoundedFile, zip: ZipDirectory, folder: string): Promise<void> {
  const name = `${folder}/byteorder`
  const entry = zip.entries.get(name)
  if (!entry) return
  const order = entry.storedBytes > 16 ? 'another text' : new TextDecoder().decode(await readEntry(file, zip, name))
  if (order !== 'little') throw file.fail(`expected tensors in little-endian byte order, found ${order}`)
}

async function readStream(file: BoundedFile, zip: ZipDirectory, folder: string): Promise<unknown> {
  const name = `${folder}/data.pkl`
  const sizeBytes = zip.entries.get(name)?.storedBytes ?? 0
  if (sizeBytes > MAX_PICKLE_BYTES) {
    throw file.fail(`expected a pickle stream of at most ${MAX_PICKLE_BYTES} bytes, found ${sizeBytes}`)
  }
  const world = {
    global: torchGlobals(file),
    persistent: (id: unknown): TorchStorage => readStorageId(file, id),
    fail: (sentence: string) => file.fail(sentence),
  }
  return readPickle(await readEntry(file, zip, name), world)
}

async function readEntry(file: BoundedFile, zip: ZipDirectory, name: string): Promise<Uint8Array> {
  const entry = requireStored(file, zip, name)
  return file.read(await storedDataStart(file, zip, entry), entry.storedBytes)
}

/** @param place of the tensor's storage in the file */
function tensorEntry(file: BoundedFile, name: string, tensor: TorchTensor, place: DataPlace): TensorEntry {
  const { dtype, shape, storage } = tensor
  if (!isContiguous(tensor)) {
    throw file.fail(
      `tensor ${name}: expected values in the order of its shape [${shape.join(', ')}], found strides ` +
        `[${tensor.strides.join(', ')}]; save the model again with contiguous tensors, as .safetensors does`,
    )
  }
  const bytes = DTYPE_BYTES[dtype]
  const sizeBytes = storedBytes(dtype, shape)
  const storageBytes = storage.elements * (storage.dtype === null ? 1 : DTYPE_BYTES[storage.dtype])
  const start = tensor.offset * bytes
  const end = Math.min(storageBytes, place.sizeBytes)
  // Not the other way round: the values of a hostile shape may be no number.
  if (!(start + sizeBytes <= end)) {
    throw file.fail(
      `tensor ${name}: expected ${sizeBytes} bytes from byte ${start} of its storage, found ${end} bytes in all`,
    )
  }
  return { name, dtype, shape, file: file.path, offset: place.offset + start, sizeBytes }
}

/** Whether the last dimension is the fastest; a dimension of one value may have any stride. */
function isContiguous({ shape, strides }: TorchTensor): boolean {
  if (shape.includes(0)) return true
  let expected = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    const size = shape[i] ?? 1
    if (size !== 1 && strides[i] !== expected) return false
    expected *= size
  }
  return true
}
