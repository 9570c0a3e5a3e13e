import type { BoundedFile } from '../bounded-file.ts'
import type { PlainDtype } from '../tensor-index.ts'
import { HeldObject, PickleGlobal } from './pickle-machine.ts'

/** Data kept outside the pickle stream: `elements` values (bytes, where the type is not told). */
export interface TorchStorage {
  readonly kind: 'storage'
  readonly key: string
  readonly dtype: PlainDtype | null
  readonly elements: number
}

/** A view of a storage; `offset` and `strides` in values. */
export interface TorchTensor {
  readonly kind: 'tensor'
  readonly storage: TorchStorage
  readonly dtype: PlainDtype
  readonly offset: number
  readonly shape: readonly number[]
  readonly strides: readonly number[]
}

/** torch's own limit is 64. */
const MAX_DIMENSIONS = 64

const STORAGES: Readonly<Record<string, PlainDtype>> = {
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.DoubleStorage': 'F64',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
}

const DTYPES: Readonly<Record<string, PlainDtype>> = {
  'torch.float32': 'F32',
  'torch.float16': 'F16',
  'torch.bfloat16': 'BF16',
  'torch.float64': 'F64',
  'torch.float8_e4m3fn': 'F8_E4M3',
  'torch.float8_e5m2': 'F8_E5M2',
  'torch.int64': 'I64',
  'torch.int32': 'I32',
  'torch.int16': 'I16',
  'torch.int8': 'I8',
  'torch.uint8': 'U8',
  'torch.uint16': 'U16',
  'torch.uint32': 'U32',
  'torch.uint64': 'U64',
  'torch.bool': 'BOOL',
}

const UNTYPED_STORAGES = ['torch.storage.UntypedStorage', 'torch.storage._UntypedStorage', 'torch.UntypedStorage']

/**
 * Classes that real checkpoints hold beside their weights and that are data alone: of Stable Diffusion's trainers
 * (Lightning's callbacks and settings, OmegaConf's, argparse's), of NumPy and of Python. Here they are names: an object of
 * theirs keeps its state as data and is never looked into, save torch's dictionary of parameters.
 */
const HELD_CLASSES = [
  'torch.nn.modules.container.ParameterDict',
  'torch.device',
  'pytorch_lightning.callbacks.model_checkpoint',
  'pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint',
  'pytorch_lightning.callbacks.early_stopping.EarlyStopping',
  'pytorch_lightning.utilities.parsing.AttributeDict',
  'lightning_fabric.utilities.data.AttributeDict',
  'omegaconf.dictconfig.DictConfig',
  'omegaconf.listconfig.ListConfig',
  'omegaconf.base.ContainerMetadata',
  'omegaconf.base.Metadata',
  'omegaconf.nodes.AnyNode',
  'omegaconf.nodes.StringNode',
  'omegaconf.nodes.IntegerNode',
  'omegaconf.nodes.FloatNode',
  'omegaconf.nodes.BooleanNode',
  'argparse.Namespace',
  'typing.Any',
  'collections.Counter',
  'collections.defaultdict',
  'pathlib.PosixPath',
  'pathlib.WindowsPath',
  'pathlib.PurePosixPath',
  'numpy.dtype',
  'numpy.ndarray',
  ...['numpy.core.multiarray', 'numpy._core.multiarray'].flatMap((module) => [
    `${module}.scalar`,
    `${module}._reconstruct`,
  ]),
  ...['__builtin__', 'builtins'].flatMap((module) =>
    ['dict', 'list', 'tuple', 'int', 'long', 'float', 'bool', 'str', 'unicode', 'complex', 'bytearray', 'object'].map(
      (name) => `${module}.${name}`,
    ),
  ),
]

/** Names that stand for a storage's type in a persistent id. */
function storageDtype(name: string): PlainDtype | null | undefined {
  return UNTYPED_STORAGES.includes(name) ? null : STORAGES[name]
}

/**
 * The one list of names that a pickle stream may use: what builds tensors, what holds them, and what lies beside them.
 * @returns a lookup that throws checkpoint-unsupported for every other name
 */
export function torchGlobals(file: BoundedFile): (name: string) => PickleGlobal {
  const list = new Map<string, PickleGlobal>()
  const add = (name: string, call: PickleGlobal['call']) => list.set(name, new PickleGlobal(name, call))

  for (const name of [...Object.keys(STORAGES), ...UNTYPED_STORAGES, ...Object.keys(DTYPES)])
    add(name, notCalled(file, name))
  for (const name of HELD_CLASSES) add(name, () => new HeldObject(name))
  for (const name of ['collections.OrderedDict', 'typing.OrderedDict']) add(name, (args) => emptyDict(file, args))
  // Shared, not copied: a stream may name one long list any number of times.
  for (const name of ['torch.Size', '__builtin__.set', 'builtins.set', '_codecs.encode']) add(name, ([value]) => value)

  add('torch._utils._rebuild_tensor', (args) => rebuildTensor(file, args, null))
  add('torch._utils._rebuild_tensor_v2', (args) => rebuildTensor(file, args, null))
  add('torch._utils._rebuild_tensor_v3', (args) => rebuildTensor(file, args, dtypeOf(args[6])))
  add('torch._utils._rebuild_parameter', ([data]) => data)
  add('torch._utils._rebuild_parameter_with_state', ([data]) => data)
  // A tensor of a class of its own: the function that builds it, its class, and its arguments.
  add('torch._tensor._rebuild_from_type_v2', ([rebuild, , args]) => {
    if (rebuild instanceof PickleGlobal && rebuild.name.startsWith('torch._utils.') && Array.isArray(args))
      return rebuild.call(args)
    throw file.fail('expected a tensor rebuilt by torch._utils, found another value')
  })
  for (const name of ['torch.Tensor', 'torch.nn.parameter.Parameter']) add(name, notCalled(file, name))

  return (name) => {
    const known = list.get(name)
    if (known) return known
    throw file.fail(
      `expected a pickle stream that builds tensors and nothing else, found that it names ${name}, which may run code of ` +
        'its own; nothing was run. If you trust the file, save its weights again as .safetensors',
    )
  }
}

/** `('storage', type, key, device, count)`, as torch names data outside the stream. */
export function readStorageId(file: BoundedFile, id: unknown): TorchStorage {
  const [tag, type, key, , elements] = Array.isArray(id) ? (id as unknown[]) : []
  const dtype = type instanceof PickleGlobal ? storageDtype(type.name) : undefined
  if (tag !== 'storage' || dtype === undefined || typeof key !== 'string' || !isSize(elements)) {
    throw file.fail('expected the type, name and size of a storage in the pickle stream, found other values')
  }
  return { kind: 'storage', key, dtype, elements }
}

export function isTensor(value: unknown): value is TorchTensor {
  return isKind(value, 'tensor')
}

function rebuildTensor(file: BoundedFile, args: readonly unknown[], stated: PlainDtype | null): TorchTensor {
  const [storage, offset, shape, strides] = args
  if (
    !isKind(storage, 'storage') ||
    !isSize(offset) ||
    !isSizes(shape) ||
    !isSizes(strides) ||
    shape.length !== strides.length
  ) {
    throw file.fail('expected a tensor of a storage, an offset, a shape and as many strides, found other values')
  }
  const dtype = stated ?? (storage as TorchStorage).dtype
  if (dtype === null) throw file.fail('expected a tensor whose type is told, found an untyped one')
  return { kind: 'tensor', storage: storage as TorchStorage, dtype, offset, shape, strides }
}

function dtypeOf(value: unknown): PlainDtype | null {
  return value instanceof PickleGlobal ? (DTYPES[value.name] ?? null) : null
}

function emptyDict(file: BoundedFile, args: readonly unknown[]): Map<unknown, unknown> {
  if (args.length === 0) return new Map()
  throw file.fail('expected an OrderedDict that is filled item by item, found one with arguments')
}

function notCalled(file: BoundedFile, name: string): () => never {
  return () => {
    throw file.fail(`expected ${name} as a type in the pickle stream, found it called`)
  }
}

function isKind(value: unknown, kind: 'storage' | 'tensor'): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= MAX_DIMENSIONS && value.every(isSize)
}
