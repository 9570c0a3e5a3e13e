import type { SamplerId, ScheduleId } from '../../contract/generation.ts'
import type { Infotext } from '../infotext.ts'
import type { Told } from './told.ts'

/** What AUTOMATIC1111 calls each sampler. */
export const SAMPLER_LABELS = {
  euler: 'Euler',
  'euler-ancestral': 'Euler a',
  heun: 'Heun',
  dpm2: 'DPM2',
  'dpm2-ancestral': 'DPM2 a',
  lms: 'LMS',
  'dpmpp-2m': 'DPM++ 2M',
  'dpmpp-2m-sde': 'DPM++ 2M SDE',
  'dpmpp-2m-sde-heun': 'DPM++ 2M SDE Heun',
  'dpmpp-sde': 'DPM++ SDE',
  'dpmpp-2s-ancestral': 'DPM++ 2S a',
  'dpmpp-3m': 'DPM++ 3M',
  'dpmpp-3m-sde': 'DPM++ 3M SDE',
  'dpmpp-2s': 'DPM++ 2S',
  'dpmpp-3s': 'DPM++ 3S',
  'dpm-solver-2m': 'DPM-Solver 2M',
  'dpm-fast': 'DPM fast',
  'dpm-adaptive': 'DPM adaptive',
  unipc: 'UniPC',
  'unipc-bh1': 'UniPC',
  deis: 'DEIS',
  ddim: 'DDIM',
  ddpm: 'DDPM',
  plms: 'PLMS',
  pndm: 'PNDM',
  lcm: 'LCM',
  tcd: 'TCD',
  restart: 'Restart',
  langevin: 'Annealed Langevin',
} as const satisfies Record<SamplerId, string>

/** And each schedule. */
export const SCHEDULE_LABELS = {
  normal: 'Normal',
  trailing: 'Trailing',
  karras: 'Karras',
  exponential: 'Exponential',
  polyexponential: 'Polyexponential',
  'sgm-uniform': 'SGM Uniform',
  simple: 'Simple',
  'ddim-uniform': 'DDIM',
  beta: 'Beta',
  'ays-sd1': 'Align Your Steps',
  'ays-sdxl': 'Align Your Steps',
} as const satisfies Record<ScheduleId, string>

/** Labels that a field of the recipe is for, or that need none: they say what others say, or what a picture cannot be made by. */
const HEARD = new Set([
  'Steps',
  'Sampler',
  'Schedule type',
  'CFG scale',
  'Seed',
  'Size-1',
  'Size-2',
  'Model',
  'Model hash',
  'Clip skip',
  'RNG',
  'Emphasis',
  'Version',
  'Lora hashes',
  'TI hashes',
  'VAE hash',
  'ENSD',
])

/** What a picture of AUTOMATIC1111, or of one of the many programs that write as it does, tells. */
export function a1111Told({ prompt, negativePrompt, fields }: Infotext): Told {
  const number = (label: string) => (fields[label] === undefined ? undefined : Number(fields[label]))
  const { sampler, schedule } = samplerOf(fields['Sampler'] ?? '', fields['Schedule type'])
  const isNoNorm = fields['Emphasis'] === 'No norm'
  return {
    program: fields['Version']?.startsWith('ComfyUI') ? 'ComfyUI' : 'AUTOMATIC1111',
    fields: {
      prompt,
      negativePrompt,
      promptStyle: isNoNorm ? 'a1111-no-norm' : 'a1111',
      seed: number('Seed'),
      steps: number('Steps'),
      guidanceScale: number('CFG scale'),
      widthPx: number('Size-1'),
      heightPx: number('Size-2'),
      sampler,
      schedule,
      noise: fields['RNG'] === 'CPU' ? 'torch-cpu' : 'philox',
      clipSkip: number('Clip skip'),
    },
    modelName: fields['Model'] ?? null,
    modelHash: fields['Model hash'],
    left: Object.entries(fields).flatMap(([label, value]) => (HEARD.has(label) ? [] : [`${label}: ${value}`])),
  }
}

/** Until its version 1.9 it wrote the schedule behind the sampler; an unknown label stays one, to be told. */
function samplerOf(label: string, scheduleLabel: string | undefined): { sampler?: string; schedule?: string } {
  if (label === '') return {}
  const suffix = /^(.+?) (Karras|Exponential|Polyexponential)$/.exec(label)
  const name = suffix?.[1] ?? label
  const wanted = scheduleLabel === 'Automatic' ? undefined : (scheduleLabel ?? suffix?.[2])
  const schedule = wanted === undefined ? 'normal' : (keyOf(SCHEDULE_LABELS, wanted) ?? wanted)
  return { sampler: keyOf(SAMPLER_LABELS, name) ?? name, schedule }
}

function keyOf(labels: Readonly<Record<string, string>>, wanted: string): string | undefined {
  const lower = wanted.toLowerCase()
  return Object.entries(labels).find(([, label]) => label.toLowerCase() === lower)?.[0]
}
