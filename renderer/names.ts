import type { Failure } from '../main/contract/failure.ts'
import type { FitMode, PromptStyleId, SamplerId, ScheduleId } from '../main/contract/generation.ts'
import type { JobState, Progress } from '../main/contract/job.ts'

/** What people call the samplers, and what to expect of each. */
export const samplerNames = {
  euler: { label: 'Euler', detail: 'Simple and quick' },
  'euler-ancestral': { label: 'Euler ancestral', detail: 'Fresh noise every step; lively' },
  heun: { label: 'Heun', detail: 'More exact; two passes a step' },
  dpm2: { label: 'DPM2', detail: 'Looks half-way ahead; two passes a step' },
  'dpm2-ancestral': { label: 'DPM2 ancestral', detail: 'DPM2 with fresh noise every step' },
  lms: { label: 'LMS', detail: 'Follows the last four slopes; one pass a step' },
  'dpmpp-2m': { label: 'DPM++ 2M', detail: 'Good in few steps' },
  'dpmpp-2m-sde': { label: 'DPM++ 2M SDE', detail: 'DPM++ 2M with noise; fine detail' },
  'dpmpp-2m-sde-heun': { label: 'DPM++ 2M SDE Heun', detail: 'The same, extrapolating more' },
  'dpmpp-sde': { label: 'DPM++ SDE', detail: 'Natural noise; two passes a step' },
  'dpmpp-2s-ancestral': { label: 'DPM++ 2S ancestral', detail: 'Fresh noise every step; two passes' },
  'dpmpp-3m': { label: 'DPM++ 3M', detail: 'DPM++ 2M with a longer memory' },
  'dpmpp-3m-sde': { label: 'DPM++ 3M SDE', detail: 'Smooth and noisy; wants 25 steps or more' },
  'dpmpp-2s': { label: 'DPM++ 2S', detail: 'Steps in pairs; one pass each' },
  'dpmpp-3s': { label: 'DPM++ 3S', detail: 'Steps in threes; one pass each' },
  'dpm-solver-2m': { label: 'DPM-Solver 2M', detail: 'DPM++ 2M as it was before; for little guidance' },
  'dpm-fast': { label: 'DPM fast', detail: 'Chooses its own levels; as many passes as steps' },
  'dpm-adaptive': { label: 'DPM adaptive', detail: 'Takes as many passes as the picture needs' },
  unipc: { label: 'UniPC', detail: 'Corrects itself; very good in few steps' },
  'unipc-bh1': { label: 'UniPC BH1', detail: 'UniPC for little guidance' },
  deis: { label: 'DEIS', detail: 'Good in few steps; one pass each' },
  ddim: { label: 'DDIM', detail: 'Steady and repeatable; the classic' },
  ddpm: { label: 'DDPM', detail: 'Fresh noise every step; wants many steps' },
  plms: { label: 'PLMS', detail: 'Stable Diffusion’s first default; one pass a step' },
  pndm: { label: 'PNDM', detail: 'PLMS after three steps of Runge-Kutta, four passes each' },
  lcm: { label: 'LCM', detail: 'For models distilled to 1–8 steps' },
  tcd: { label: 'TCD', detail: 'For models distilled along their trajectory' },
  restart: { label: 'Restart', detail: 'Goes back up and down again to mend errors; two passes a step' },
  langevin: { label: 'Langevin', detail: 'A random walk at each level, the first of its kind; ten passes a step' },
} satisfies Record<SamplerId, { label: string; detail: string }>

/** The noise schedules: how the steps are spread. */
export const scheduleNames = {
  normal: { label: 'Normal', detail: 'The model’s own timesteps' },
  trailing: { label: 'Trailing', detail: 'The model’s timesteps from the last one; for Turbo, Lightning, Hyper' },
  karras: { label: 'Karras', detail: 'More of the steps at little noise' },
  exponential: { label: 'Exponential', detail: 'Evenly from much noise to little' },
  polyexponential: { label: 'Polyexponential', detail: 'Exponential, more of it at little noise' },
  'sgm-uniform': { label: 'SGM uniform', detail: 'Even timesteps; for few steps' },
  simple: { label: 'Simple', detail: 'Even timesteps of the model’s table' },
  'ddim-uniform': { label: 'DDIM uniform', detail: 'As the first Stable Diffusion took them' },
  beta: { label: 'Beta', detail: 'More of the steps at both ends' },
  'ays-sd1': { label: 'Align your steps (SD 1)', detail: 'Measured for about ten steps' },
  'ays-sdxl': { label: 'Align your steps (XL)', detail: 'Measured for about ten steps' },
} satisfies Record<ScheduleId, { label: string; detail: string }>

/** Whose way of writing weights in a prompt. */
export const promptStyleNames = {
  plain: { label: 'Words only', detail: 'Brackets are words like others' },
  a1111: { label: 'AUTOMATIC1111', detail: '(more), (word:1.3), [less], [from:to:when], BREAK, AND' },
  'a1111-no-norm': { label: 'AUTOMATIC1111, no norm', detail: 'The same, without keeping the mean' },
  comfyui: { label: 'ComfyUI', detail: '(more), (word:1.3)' },
  invokeai: { label: 'InvokeAI', detail: 'word++, word--, (words)1.3' },
} satisfies Record<PromptStyleId, { label: string; detail: string }>

export const fitNames = { crop: 'Crop', contain: 'Contain', stretch: 'Stretch' } satisfies Record<FitMode, string>

export const jobStateNames = {
  waiting: 'Waiting',
  running: 'Running',
  done: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
} satisfies Record<JobState, string>

/** Where a running job is, in a few words: `Step 12 of 25 · 8 s left`. */
export function progressText({ stage, step, steps, loaded, secondsLeft }: Progress): string {
  if (stage === 'loading') return `Reading the model · ${Math.round(loaded * 100)}%`
  if (stage === 'encoding') return 'Reading the prompt'
  if (stage === 'decoding') return 'Decoding the picture'
  if (stage === 'saving') return 'Saving'
  const left = secondsLeft === null ? '' : ` · ${durationText(secondsLeft)} left`
  return `Step ${step} of ${steps}${left}`
}

/** The share of a job that is done, 0-1, for a bar that never goes back. */
export function progressShare({ stage, step, steps }: Progress): number {
  if (stage === 'loading' || stage === 'encoding') return 0
  if (stage === 'decoding' || stage === 'saving') return 1
  return steps === 0 ? 0 : step / steps
}

/** Seconds as people say them: `8 s`, `2 min 5 s`, `1 h 3 min`. */
export function durationText(seconds: number): string {
  if (seconds < 10) return `${seconds < 1 ? seconds.toFixed(1) : Math.round(seconds)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** Bytes as people say them: `50 MB`. */
export function sizeText(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** power
  return `${value.toFixed(power > 0 && value < 10 ? 1 : 0)} ${units[power] ?? ''}`
}

/** A failure's message as a sentence. */
export function sentence(message: string): string {
  const start = message.charAt(0).toUpperCase() + message.slice(1)
  return /[.!?…]$/.test(start) ? start : `${start}.`
}

/** What a person is told of a failure: one sentence, and the rest for a fold. */
export function failureText({ code, message, details }: Failure): { sentence: string; details: string | undefined } {
  if (code !== 'internal') return { sentence: sentence(message), details }
  // Nobody wrote this message for a reader.
  return {
    sentence: 'Something went wrong inside the studio. Try again; the log has the rest.',
    details: details?.includes(message) ? details : [message, details].filter(Boolean).join('\n'),
  }
}

/** A prompt as a picture's name. */
export function promptName(prompt: string): string {
  return prompt.trim() === '' ? 'No prompt' : prompt
}

/** A file's name without its folders and its ending. */
export function fileStem(path: string): string {
  return path.replace(/^.*[\\/]/, '').replace(/\.(?:safetensors|ckpt|pt|pth|bin|gguf)$/i, '')
}
