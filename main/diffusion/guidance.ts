import { isSameShape, weightedSum } from '../tensor/arithmetic.ts'
import { concatBatch, expandBatch, sliceBatch } from '../tensor/batch.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Moment, Predict } from './denoise.ts'

/** What the network is told of the picture. */
export interface Conditioning {
  /** The encoded prompt, [n, tokens, d]. */
  readonly context: Tensor
  /** [n, v] for networks told more than the prompt; else null. */
  readonly vector: Tensor | null
  /** Channels [n, k, h, w] that join the latent, of networks that repaint or edit a picture. */
  readonly picture?: Tensor
  /** Pictures that prompt beside the words, [n, tokens, d] each. */
  readonly imageTokens?: readonly Tensor[]
  /** The guidance scale as an embedding [n, g], of networks distilled to be told it. */
  readonly guidance?: Tensor
  /** [n]: 1 for rows whose middle attends to itself alone. */
  readonly perturbed?: Tensor
}

/** The U-Net: x [n, c, h, w], one timestep a row, conditioning of n rows → prediction in the shape of x. */
export type DiffusionNetwork = (
  x: Tensor,
  timesteps: number[],
  conditioning: Conditioning,
  moment: Moment,
) => Promise<Tensor>

/** One asking of the network, of one row for all pictures or of n, and its share of the prediction. */
export interface Pass {
  readonly told: Conditioning
  readonly weight: number
}

/** Changes a guided prediction; `mixed` gives what other weights would make of the same passes. */
export type Adjust = (prediction: Tensor, mixed: (weights: readonly number[]) => Tensor) => Tensor

/** What a prediction is made of: the sum of its passes' outputs by their weights, then the adjustments in turn. */
export interface Guidance {
  readonly passes: readonly [Pass, ...Pass[]]
  readonly adjust?: readonly Adjust[]
}

export interface GuidanceOptions {
  /** Passes of one length in one batch; else one after the other, in less memory. */
  readonly isBatched: boolean
}

/**
 * The network under guidance. A pass of weight 0 is not run, unless something is adjusted.
 * @param guidanceAt the guidance at each moment of the run
 */
export function guided(
  network: DiffusionNetwork,
  guidanceAt: (moment: Moment) => Guidance,
  { isBatched }: GuidanceOptions,
): Predict {
  return async (x, timestep, moment) => {
    const { passes, adjust = [] } = guidanceAt(moment)
    const run = adjust.length === 0 ? passes.filter(({ weight }) => weight !== 0) : passes
    const ask = (told: Conditioning, input: Tensor) =>
      network(input, new Array<number>(input.shape[0] ?? 1).fill(timestep), told, moment)
    const outputs: Tensor[] = []
    for (const group of groups(run, isBatched)) outputs.push(...(await askTogether(ask, group, x)))
    const mixed = (weights: readonly number[]): Tensor => {
      const [first, ...more] = outputs.map((output, i) => [weights[i] ?? 0, output] as const)
      if (!first) throw new RangeError('expected a guidance with a pass of weight other than 0, found none')
      return weightedSum(first, ...more)
    }
    const prediction = mixed(run.map(({ weight }) => weight))
    return adjust.reduce((changed, change) => change(changed, mixed), prediction)
  }
}

/** The conditioning for each of `count` pictures. */
function expanded(told: Conditioning, count: number): Conditioning {
  const { context, vector, picture, guidance, perturbed, imageTokens } = told
  return {
    context: expandBatch(context, count),
    vector: vector && expandBatch(vector, count),
    ...(picture === undefined ? {} : { picture: expandBatch(picture, count) }),
    ...(guidance === undefined ? {} : { guidance: expandBatch(guidance, count) }),
    ...(perturbed === undefined ? {} : { perturbed: expandBatch(perturbed, count) }),
    ...(imageTokens === undefined ? {} : { imageTokens: imageTokens.map((tokens) => expandBatch(tokens, count)) }),
  }
}

/** The rows of both, those of `first` first. */
export function joined(first: Conditioning, second: Conditioning): Conditioning {
  return {
    context: concatBatch(first.context, second.context),
    vector: first.vector && second.vector && concatBatch(first.vector, second.vector),
    ...(first.picture && second.picture ? { picture: concatBatch(first.picture, second.picture) } : {}),
    ...(first.guidance && second.guidance ? { guidance: concatBatch(first.guidance, second.guidance) } : {}),
    ...(first.perturbed && second.perturbed ? { perturbed: concatBatch(first.perturbed, second.perturbed) } : {}),
    ...(first.imageTokens && second.imageTokens
      ? { imageTokens: joinedEach(first.imageTokens, second.imageTokens) }
      : {}),
  }
}

function joinedEach(first: readonly Tensor[], second: readonly Tensor[]): Tensor[] {
  return first.map((tensor, i) => concatBatch(tensor, ...second.slice(i, i + 1)))
}

/** Neighbours that can go through the network in one batch. */
function groups(passes: readonly Pass[], isBatched: boolean): [Pass, ...Pass[]][] {
  const found: [Pass, ...Pass[]][] = []
  for (const pass of passes) {
    const last = found.at(-1)
    if (isBatched && last && hasSameLength(last[0], pass)) last.push(pass)
    else found.push([pass])
  }
  return found
}

function hasSameLength(a: Pass, b: Pass): boolean {
  return isSameShape(a.told.context.shape.slice(1), b.told.context.shape.slice(1))
}

async function askTogether(
  ask: (told: Conditioning, input: Tensor) => Promise<Tensor>,
  [first, ...more]: readonly [Pass, ...Pass[]],
  x: Tensor,
): Promise<Tensor[]> {
  const count = x.shape[0] ?? 1
  const told = more.reduce((all, pass) => joined(all, expanded(pass.told, count)), expanded(first.told, count))
  const output = await ask(told, more.length === 0 ? x : concatBatch(x, ...more.map(() => x)))
  if (more.length === 0) return [output]
  return [first, ...more].map((_, i) => sliceBatch(output, i * count, (i + 1) * count))
}
