import type { TensorEntry } from '../../tensor-index.ts'
import type { DeltaChange, DeltaMatrix, WeightDelta } from '../../weight-delta.ts'
import type { LoraRole } from './keys.ts'

/** The tensors of one module of a LoRA's file. */
export type LoraParts = ReadonlyMap<LoraRole, TensorEntry>

/** What a module adds to a tensor of its layer; by how much its rank divides its alpha is for the caller. */
export interface ModuleChange {
  readonly tensor: 'weight' | 'bias'
  readonly change: DeltaChange
  /** By which alpha is divided; null where alpha does not count. */
  readonly rank: number | null
  readonly magnitude?: WeightDelta['magnitude']
}

/**
 * The changes that a module's tensors spell; none where they are of an algorithm that is not known or incomplete.
 * @param onInput what the module's `on_input` holds, of (IA)³
 */
export function moduleChanges(parts: LoraParts, onInput: boolean): ModuleChange[] {
  const weight = lowRank(parts) ?? hadamard(parts) ?? kronecker(parts) ?? whole(parts) ?? gain(parts, onInput)
  const magnitude = magnitudeOf(parts)
  const bias = parts.get('diff_b') ?? parts.get('b_norm')
  return [
    ...(weight ? [{ tensor: 'weight' as const, ...weight, ...(magnitude === undefined ? {} : { magnitude }) }] : []),
    ...(bias ? [{ tensor: 'bias' as const, change: { kind: 'stored', entry: bias } as const, rank: null }] : []),
  ]
}

type WeightChange = Pick<ModuleChange, 'change' | 'rank'>

/** LoRA (Hu et al. 2021, arXiv 2106.09685); of a convolution also as LoCon, with a core between the factors. */
function lowRank(parts: LoraParts): WeightChange | null {
  const [up, down, mid] = [parts.get('up'), parts.get('down'), parts.get('mid')]
  if (!up || !down) return null
  const rank = down.shape[0] ?? 1
  if (!mid) return { change: { kind: 'product', left: up, right: down }, rank }
  return { change: { kind: 'tucker', left: up, isLeftTransposed: false, core: mid, right: down }, rank }
}

/** LoHa (Hyeon-Woo et al. 2021, arXiv 2108.06098): two low-rank matrices multiplied value by value. */
function hadamard(parts: LoraParts): WeightChange | null {
  const first = factored(parts.get('hada_w1_a'), parts.get('hada_w1_b'), parts.get('hada_t1'))
  const second = factored(parts.get('hada_w2_a'), parts.get('hada_w2_b'), parts.get('hada_t2'))
  if (!first || !second) return null
  return { change: { kind: 'hadamard', factors: [first, second] }, rank: parts.get('hada_w1_b')?.shape[0] ?? 1 }
}

/** LoKr (Yeh et al. 2023, arXiv 2309.14859). Where both matrices are whole, alpha does not count. */
function kronecker(parts: LoraParts): WeightChange | null {
  const outer = stored(parts.get('lokr_w1')) ?? factored(parts.get('lokr_w1_a'), parts.get('lokr_w1_b'))
  const inner =
    stored(parts.get('lokr_w2')) ?? factored(parts.get('lokr_w2_a'), parts.get('lokr_w2_b'), parts.get('lokr_t2'))
  if (!outer || !inner) return null
  const ranked = inner.kind === 'stored' ? outer : inner
  const rank = ranked.kind === 'stored' ? null : (ranked.right.shape[0] ?? 1)
  return { change: { kind: 'kronecker', outer, inner }, rank }
}

function whole(parts: LoraParts): WeightChange | null {
  const entry = parts.get('diff') ?? parts.get('w_norm')
  return entry ? { change: { kind: 'stored', entry }, rank: null } : null
}

/** (IA)³ (Liu et al. 2022, arXiv 2205.05638). */
function gain(parts: LoraParts, onInput: boolean): WeightChange | null {
  const entry = parts.get('gain')
  if (!entry || !parts.has('on_input')) return null
  return { change: { kind: 'gain', entry, axis: onInput ? 'in' : 'out' }, rank: null }
}

/**
 * DoRA's lengths. PEFT's are of the outputs. LyCORIS writes [1, in, …] where they are of the inputs, as it first did, and
 * [out, 1, …] where they are of the outputs.
 */
function magnitudeOf(parts: LoraParts): WeightDelta['magnitude'] {
  const ofOutputs = parts.get('magnitude')
  if (ofOutputs) return { entry: ofOutputs, axis: 'out' }
  const entry = parts.get('dora_scale')
  if (!entry) return undefined
  const isOfInputs = entry.shape.length > 1 && entry.shape[0] === 1
  return { entry, axis: isOfInputs ? 'in' : 'out' }
}

function stored(entry: TensorEntry | undefined): DeltaMatrix | null {
  return entry ? { kind: 'stored', entry } : null
}

/** LyCORIS's pair of factors [out, r] and [r, in·kernel]; with a core, [r, out] and [r, in]. */
function factored(left?: TensorEntry, right?: TensorEntry, core?: TensorEntry): DeltaMatrix | null {
  if (!left || !right) return null
  return core ? { kind: 'tucker', left, isLeftTransposed: true, core, right } : { kind: 'product', left, right }
}
