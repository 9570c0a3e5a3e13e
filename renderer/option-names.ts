import type { NoiseSourceId, PredictionType } from '../main/contract/generation.ts'
import type { LEVEL_CONVENTIONS, LevelOptions } from '../main/contract/sampling.ts'

export type ConventionId = keyof typeof LEVEL_CONVENTIONS

/** Whose way of taking noise levels from a model's table. */
export const conventionNames = {
  'k-diffusion': {
    label: 'AUTOMATIC1111, ComfyUI',
    detail: 'k-diffusion: fractional timesteps, levels in between by their logarithm',
  },
  'generative-models': { label: 'generative-models', detail: 'Stability’s own code for XL' },
  compvis: { label: 'CompVis', detail: 'The first Stable Diffusion’s own code' },
} satisfies Record<ConventionId, { label: string; detail: string }>

interface Choice {
  readonly value: string
  readonly label: string
}

/** A single way in which programs differ, and what it may be. */
export interface LevelChoice {
  readonly field: Exclude<keyof LevelOptions, 'stepsOffset'>
  readonly label: string
  readonly choices: readonly Choice[]
}

const YES_NO = [
  { value: 'true', label: 'Yes' },
  { value: 'false', label: 'No' },
]

export const levelChoices: readonly LevelChoice[] = [
  {
    field: 'spacing',
    label: 'Timesteps',
    choices: [
      { value: 'leading', label: 'Leading: from the first' },
      { value: 'trailing', label: 'Trailing: from the last' },
      { value: 'linspace', label: 'Linspace: from both ends' },
    ],
  },
  { field: 'hasExtraPoint', label: 'Spread over one more', choices: YES_NO },
  { field: 'hasWholeTimesteps', label: 'Whole timesteps only', choices: YES_NO },
  {
    field: 'interpolation',
    label: 'Levels in between',
    choices: [
      { value: 'linear', label: 'Between sigmas' },
      { value: 'log', label: 'Between their logarithms' },
    ],
  },
  {
    field: 'scheduleEnds',
    label: 'Schedule runs between',
    choices: [
      { value: 'table', label: 'The ends of the model’s table' },
      { value: 'own-timesteps', label: 'Its own spaced timesteps' },
    ],
  },
  {
    field: 'finalLevel',
    label: 'Last step ends',
    choices: [
      { value: 'clean', label: 'Without noise' },
      { value: 'table', label: 'At the table’s lowest level' },
    ],
  },
  {
    field: 'initialNoise',
    label: 'First noise is scaled by',
    choices: [
      { value: 'sigma', label: 'Sigma' },
      { value: 'unit-variance', label: '√(1 + sigma²)' },
    ],
  },
]

/** What a network outputs. */
export const predictionNames = {
  epsilon: { label: 'Noise', detail: 'Epsilon; most models' },
  v: { label: 'Velocity', detail: 'v-prediction; Stable Diffusion 2 at 768 px and others' },
  sample: { label: 'Clean picture', detail: 'The result itself' },
} satisfies Record<PredictionType, { label: string; detail: string }>

/** Whose random numbers. */
export const noiseNames = {
  philox: { label: 'Graphics card', detail: 'As AUTOMATIC1111 on NVIDIA; the same on every machine' },
  'torch-cpu': { label: 'Processor', detail: 'As ComfyUI, and as diffusers on a processor' },
} satisfies Record<NoiseSourceId, { label: string; detail: string }>
