import { tensor } from '../tensor/tensor.ts'
import type { Adjust, Conditioning, Guidance, Pass } from './guidance.ts'

/** A prompt and how far it draws, 1 being all of the guidance scale. */
export interface WeightedConditioning {
  readonly told: Conditioning
  readonly weight: number
}

export interface ClassifierFree {
  /** Of one prompt, or of several that act at once. */
  readonly prompts: readonly [WeightedConditioning, ...WeightedConditioning[]]
  readonly unconditional: Conditioning
  /** 1 is off. */
  readonly scale: number
  /** How far the prediction is drawn from that of a perturbed middle; 0 is off. */
  readonly perturbedScale?: number
  /** 0-1: how much of the conditional prediction's deviation is given back; 0 is off. */
  readonly rescale?: number
  readonly thresholding?: Thresholding
}

/** Lets a large scale have the contrast of a smaller one. */
export interface Thresholding {
  /** The scale whose largest deviation each channel keeps. */
  readonly mimicScale: number
  /** 0-1: values beyond this quantile are cut off. */
  readonly quantile: number
}

/** One prompt alone. */
export function unguided(told: Conditioning): Guidance {
  return { passes: [{ told, weight: 1 }] }
}

/**
 * Classifier-free guidance: unconditional + scale * (conditional - unconditional). Ho & Salimans 2022 (arXiv 2207.12598) in
 * the scale that Imagen and Stable Diffusion count by; of several prompts the differences are added, each by its weight, as
 * in Liu et al. 2022 (arXiv 2206.01714). Perturbed-attention guidance adds the difference to what each prompt gives when the
 * network's middle attends to itself alone: Ahn et al. 2024 (arXiv 2403.17377), equation 14.
 */
export function classifierFree(options: ClassifierFree): Guidance {
  const { prompts, unconditional, scale, perturbedScale = 0, rescale = 0, thresholding } = options
  const drawn = (by: number): number[] => prompts.map(({ weight }) => by * weight)
  const weightsAt = (by: number, away: number): [number, ...number[]] => [
    1 - sum(drawn(by)),
    ...drawn(by + away),
    ...(perturbedScale === 0 ? [] : drawn(-away)),
  ]
  const isPerturbed = (is: boolean) =>
    perturbedScale === 0 ? {} : { perturbed: tensor([1], Float32Array.of(is ? 1 : 0)) }
  const asked = prompts.map(({ told }) => ({ ...told, ...isPerturbed(false) }))
  const perturbed = perturbedScale === 0 ? [] : prompts.map(({ told }) => ({ ...told, ...isPerturbed(true) }))
  const [own, ...others] = weightsAt(scale, perturbedScale)
  const passes: [Pass, ...Pass[]] = [
    { told: { ...unconditional, ...isPerturbed(false) }, weight: own },
    ...[...asked, ...perturbed].map((told, i) => ({ told, weight: others[i] ?? 0 })),
  ]
  const adjust = [
    ...(thresholding ? [thresholded(thresholding.quantile, weightsAt(thresholding.mimicScale, 0))] : []),
    ...(rescale > 0 ? [rescaled(rescale, weightsAt(1, 0))] : []),
  ]
  return adjust.length === 0 ? { passes } : { passes, adjust }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/**
 * Guidance by a picture and by words, each with its own scale: of the network told neither, the picture alone, and both.
 * Brooks et al. 2023 (arXiv 2211.09800), section 3.2.1.
 */
export function twoConditions(
  {
    both,
    picture,
    neither,
  }: { readonly both: Conditioning; readonly picture: Conditioning; readonly neither: Conditioning },
  scales: { readonly text: number; readonly picture: number },
): Guidance {
  return {
    passes: [
      { told: both, weight: scales.text },
      { told: picture, weight: scales.picture - scales.text },
      { told: neither, weight: 1 - scales.picture },
    ],
  }
}

/**
 * Mixes in the prediction with the deviation of the conditional one, row by row. Lin et al. 2023 (arXiv 2305.08891), section
 * 3.4.
 */
function rescaled(share: number, conditional: readonly number[]): Adjust {
  return (prediction, mixed) => {
    const target = mixed(conditional)
    const rows = prediction.shape[0] ?? 1
    const size = prediction.data.length / rows
    const data = Float32Array.from(prediction.data)
    for (let from = 0; from < data.length; from += size) {
      const factor = deviation(target.data.subarray(from, from + size)) / deviation(data.subarray(from, from + size))
      for (let i = from; i < from + size; i++) data[i] = (data[i] ?? 0) * (share * factor + 1 - share)
    }
    return tensor(prediction.shape, data)
  }
}

/**
 * Each channel, from its mean: cut off at a quantile, then brought to the largest value that the mimicked scale has there.
 * After the "dynamic thresholding" extension of stable-diffusion-webui, with its defaults; the idea is Saharia et al.'s 2022
 * (arXiv 2205.11487), section 2.3.
 */
function thresholded(quantile: number, mimicked: readonly number[]): Adjust {
  return (prediction, mixed) => {
    const mimic = mixed(mimicked)
    const channels = (prediction.shape[0] ?? 1) * (prediction.shape[1] ?? 1)
    const size = prediction.data.length / channels
    const data = new Float32Array(prediction.data.length)
    for (let from = 0; from < data.length; from += size) {
      const own = centred(prediction.data.subarray(from, from + size))
      const limit = largest(centred(mimic.data.subarray(from, from + size)).values)
      const bound = Math.max(quantileOf(own.values, quantile), limit)
      const factor = bound === 0 ? 1 : limit / bound
      data.set(
        own.values.map((value) => Math.min(Math.max(value, -bound), bound) * factor + own.mean),
        from,
      )
    }
    return tensor(prediction.shape, data)
  }
}

function centred(values: Float32Array): { mean: number; values: Float64Array } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return { mean, values: Float64Array.from(values, (value) => value - mean) }
}

function deviation(values: Float32Array): number {
  const { values: differences } = centred(values)
  return Math.sqrt(differences.reduce((sum, value) => sum + value ** 2, 0) / (values.length - 1))
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
}

/** Of the absolute values, between neighbours in proportion. */
function quantileOf(values: Float64Array, quantile: number): number {
  const sorted = values.map(Math.abs).sort()
  const at = quantile * (sorted.length - 1)
  const low = sorted[Math.floor(at)] ?? 0
  return low + (at - Math.floor(at)) * ((sorted[Math.ceil(at)] ?? low) - low)
}
