import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { readSafetensors, readTensor } from '../../main/checkpoint/safetensors.ts'
import type { TensorEntry } from '../../main/checkpoint/tensor-index.ts'
import { StudioError } from '../../main/contract/failure.ts'
import type { SamplerId, ScheduleId } from '../../main/contract/generation.ts'
import { dataScaled, denoiser } from '../../main/diffusion/denoise.ts'
import { classifierFree } from '../../main/diffusion/guidance-kinds.ts'
import { guided } from '../../main/diffusion/guidance.ts'
import type { Conditioning } from '../../main/diffusion/guidance.ts'
import type { LevelRules } from '../../main/diffusion/level-rules.ts'
import { denoisingLoop, masked } from '../../main/diffusion/loop.ts'
import type { LoopOptions } from '../../main/diffusion/loop.ts'
import { planSampling } from '../../main/diffusion/plan.ts'
import { ddim } from '../../main/diffusion/samplers/ddim.ts'
import { LoadedModel } from '../../main/studio/loaded-model.ts'
import { wholePicture } from '../../main/studio/size-conditioning.ts'
import { weightedSum } from '../../main/tensor/arithmetic.ts'
import { tensor } from '../../main/tensor/tensor.ts'
import type { Tensor } from '../../main/tensor/tensor.ts'
import { encodePair } from '../../main/text/conditioning.ts'
import type { EncodedPrompt } from '../../main/text/conditioning.ts'
import { largestDifference } from './case.ts'
import type { Outcome, ParityCase, ParityKind } from './case.ts'
import { manifestOverrides } from './networks.ts'

/** What a manifest says of its end-to-end runs. */
const Manifest = z.object({
  config: z.object({
    e2e_prompt: z.string(),
    e2e_negative: z.string(),
    e2e_cfg: z.number(),
    e2e_steps: z.int(),
    e2e_hw: z.tuple([z.int(), z.int()]).optional(),
  }),
})
type Config = z.infer<typeof Manifest>['config']

/** As Stability's generative-models: levels at evenly spaced timesteps from the last one, a start of unit variance. */
const GENERATIVE_MODELS: Partial<LevelRules> = {
  spacing: 'trailing',
  initialNoise: 'unit-variance',
  finalLevel: 'clean',
}

/** The sampler and schedule of each run by the name its tensors begin with. */
const RUNS: Record<string, { sampler: SamplerId; schedule: ScheduleId; rules?: Partial<LevelRules> }> = {
  ddim: { sampler: 'ddim', schedule: 'normal' },
  euler: { sampler: 'euler', schedule: 'normal', rules: GENERATIVE_MODELS },
  dpmpp2m: { sampler: 'dpmpp-2m', schedule: 'normal', rules: GENERATIVE_MODELS },
  plms: { sampler: 'plms', schedule: 'normal' },
  'txt2img.default': { sampler: 'plms', schedule: 'normal' },
  'txt2img.ddim': { sampler: 'ddim', schedule: 'normal' },
  // A diffusers scheduler made from another one's settings goes back to its class's own spacing.
  'txt2img.euler': { sampler: 'euler', schedule: 'normal', rules: { spacing: 'linspace' } },
  'txt2img.dpmpp_2m_karras': { sampler: 'dpmpp-2m', schedule: 'karras', rules: { spacing: 'linspace' } },
}

const LATENT_TOLERANCE = 2e-3
const IMAGE_TOLERANCE = 2e-3

/** Whole runs, words and pictures to pictures, of folders with an end-to-end or pipeline reference. */
export const pipelineCases: ParityKind = async (folder) => {
  const path = await firstFile([
    join(folder, 'end_to_end.safetensors'),
    join(folder, 'reference', 'pipeline.safetensors'),
  ])
  if (path === null) return null
  const manifest = Manifest.safeParse(JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')))
  if (!manifest.success) return null
  const { config } = manifest.data
  const { entries: reference } = await readSafetensors(path)
  const modelPath = (await firstFile([join(folder, 'model.safetensors')])) ?? folder
  const open = once(async () => new PipelineRun(config, reference, await loadModel(modelPath, folder)))
  const names = [...reference.keys()]
  const runs = names.filter((name) => ROWS.test(name)).map((name) => name.replace(ROWS, ''))
  return [
    ...CONDITIONINGS.filter(({ own }) => reference.has(own)).map((tensors) => conditioningCase(tensors, open)),
    ...runs.flatMap((run) => runCases(run, names, open)),
  ].map((found) => ({ name: found.name, run: () => found.run().catch(unsupported) }))
}

/** A model that the studio does not run yet is no failure of the case. */
function unsupported(error: unknown): Outcome {
  if (error instanceof StudioError && error.code === 'checkpoint-unsupported') return { skipped: error.message }
  throw error
}

const VOCABULARIES = join(import.meta.dirname, '../../resources/vocabularies')

async function loadModel(path: string, folder: string): Promise<LoadedModel> {
  return LoadedModel.open(path, { threads: null, vocabulariesFolder: VOCABULARIES }, await manifestOverrides(folder))
}

/** A run's latents after each step: of the data's scale, or of k-diffusion's. */
const ROWS = /\.(?:latents|x)_per_step$/

interface ConditioningTensors {
  readonly own: string
  readonly other: string
  readonly part: 'context' | 'vector'
}

/** The reference's names for what the prompt and the negative prompt become. */
const CONDITIONINGS: readonly ConditioningTensors[] = [
  { own: 'cond', other: 'uncond', part: 'context' },
  { own: 'cond.crossattn', other: 'uncond.crossattn', part: 'context' },
  { own: 'cond.vector', other: 'uncond.vector', part: 'vector' },
]

function conditioningCase({ own, other, part }: ConditioningTensors, open: () => Promise<PipelineRun>): ParityCase {
  return {
    name: `${part} of the prompts`,
    run: async () => {
      const run = await open()
      const { conditioning, unconditional } = await run.conditioning()
      const error = Math.max(
        largestDifference(conditioning[part]?.data ?? [], (await run.read(own)).data),
        largestDifference(unconditional[part]?.data ?? [], (await run.read(other)).data),
      )
      return { error, tolerance: 5e-5 }
    },
  }
}

/** A run's latent after every step, its estimates where the reference has them, and its picture. */
function runCases(name: string, names: readonly string[], open: () => Promise<PipelineRun>): ParityCase[] {
  const imageName = names.find((tensorName) => [`${name}.image`, `${name}.image_0_1`].includes(tensorName))
  const trace = once(async () => (await open()).trace(name))
  const outcome = (measure: (run: PipelineRun, trace: Trace) => Promise<Outcome>) => async (): Promise<Outcome> => {
    const found = await trace()
    return 'skipped' in found ? found : measure(await open(), found)
  }
  const rows = names.find((tensorName) => tensorName.replace(ROWS, '') === name) ?? name
  const cases: ParityCase[] = [
    {
      name: `${name} latents`,
      run: outcome((run, found) => run.compareRows(rows, found.latents)),
    },
  ]
  if (names.includes(`${name}.pred_x0_per_step`)) {
    cases.push({
      name: `${name} estimates`,
      run: outcome((run, found) => run.compareRows(`${name}.pred_x0_per_step`, found.estimates)),
    })
  }
  if (imageName !== undefined)
    cases.push({ name: `${name} picture`, run: outcome((run, found) => run.comparePicture(imageName, found)) })
  return cases
}

interface Trace {
  readonly latents: readonly Tensor[]
  readonly estimates: readonly Tensor[]
}

/** One reference folder's model, prompts and recorded inputs. */
class PipelineRun {
  readonly #config: Config
  readonly #reference: ReadonlyMap<string, TensorEntry>
  readonly #model: LoadedModel

  constructor(config: Config, reference: ReadonlyMap<string, TensorEntry>, model: LoadedModel) {
    this.#config = config
    this.#reference = reference
    this.#model = model
  }

  async read(name: string): Promise<Tensor> {
    const entry = this.#reference.get(name)
    if (!entry) throw new Error(`expected the reference tensor ${name}, found none`)
    return readTensor(entry)
  }

  async conditioning(): Promise<{ conditioning: Conditioning; unconditional: Conditioning }> {
    const { e2e_prompt: prompt, e2e_negative: negative } = this.#config
    const encoded = await encodePair(await this.#model.promptEncoders(), prompt, negative)
    const [height, width] = this.#config.e2e_hw ?? [0, 0]
    const told = (text: EncodedPrompt) => this.#model.conditioning(text, wholePicture(height, width))
    return { conditioning: told(encoded.conditioning), unconditional: told(encoded.unconditional) }
  }

  async trace(name: string): Promise<Trace | { skipped: string }> {
    const picture = /^(?:img2img|inpaint4ch)\.strength([\d.]+)$/.exec(name)
    const run = picture ? RUNS['ddim'] : RUNS[name]
    if (run === undefined) return { skipped: `the sampler of ${name} is not supported yet` }
    const input: Input = picture
      ? await this.#input(name, Number(picture[1]))
      : { noise: await this.#initialNoise(), clean: null, strength: 1, mask: null }
    const { diffusion } = this.#model.facts
    const plan = planSampling(diffusion, {
      sampler: run.sampler,
      schedule: run.schedule,
      steps: this.#config.e2e_steps,
      strength: input.strength,
      ...(run.rules === undefined ? {} : { rules: run.rules }),
    })
    const { conditioning, unconditional } = await this.conditioning()
    const network = await this.#model.unet()
    const options: LoopOptions = {
      sampler: run.sampler,
      plan,
      predict: guided(
        network,
        () =>
          classifierFree({
            prompts: [{ told: conditioning, weight: 1 }],
            unconditional,
            scale: this.#config.e2e_cfg,
          }),
        { isBatched: true },
      ),
      predictionType: diffusion.predictionType,
      noise: () => input.noise,
      ...(input.clean === null ? {} : { clean: input.clean }),
      ...(input.mask === null ? {} : { mask: input.mask }),
    }
    if (input.mask) {
      return { latents: await inpaintedLatents(options, await this.read(`${name}.latents_per_step`)), estimates: [] }
    }
    const isUnscaled = run.sampler === 'euler' || this.#reference.has(`${name}.x_per_step`)
    const latents: Tensor[] = []
    const estimates: Tensor[] = []
    for await (const { state, latent, denoised } of denoisingLoop(options)) {
      latents.push(isUnscaled ? state.x : latent)
      estimates.push(denoised)
    }
    return { latents, estimates }
  }

  /** The reference's rows, which may begin with the start, against ours, by their standard deviation. */
  async compareRows(name: string, found: readonly Tensor[]): Promise<Outcome> {
    const { shape, data } = await this.read(name)
    const [rows = 0] = shape
    const size = data.length / rows
    const first = rows - found.length
    if (first !== 0 && first !== 1) return { error: Infinity, tolerance: LATENT_TOLERANCE }
    const errors = found.map((row, i) => {
      const expected = data.subarray((first + i) * size, (first + i + 1) * size)
      return largestDifference(row.data, expected) / Math.max(1, deviation(expected))
    })
    return { error: Math.max(...errors), tolerance: LATENT_TOLERANCE }
  }

  async comparePicture(name: string, { latents }: Trace): Promise<Outcome> {
    const latent = latents.at(-1)
    if (!latent) return { error: Infinity, tolerance: IMAGE_TOLERANCE }
    const picture = await (await this.#model.decoder())(latent)
    const isUnitRange = name.endsWith('_0_1')
    const found = isUnitRange ? picture.data.map((value) => Math.min(Math.max(value / 2 + 0.5, 0), 1)) : picture.data
    return { error: largestDifference(found, (await this.read(name)).data), tolerance: IMAGE_TOLERANCE }
  }

  async #initialNoise(): Promise<Tensor> {
    return this.read(['x_T', 'x_T_unit_normal'].find((name) => this.#reference.has(name)) ?? 'latents_unit_normal')
  }

  async #input(name: string, strength: number): Promise<Input> {
    const image = await this.read('img2img.init_image_0_1')
    const { mean, deviation: spread } = await (
      await this.#model.encoder()
    )(
      tensor(
        image.shape,
        image.data.map((value) => 2 * value - 1),
      ),
    )
    const sample = await this.read('img2img.vae_sample_noise')
    const clean = tensor(
      mean.shape,
      mean.data.map((value, i) => value + (spread.data[i] ?? 0) * (sample.data[i] ?? 0)),
    )
    const noise = await this.read('img2img.added_noise')
    const isInpainting = name.startsWith('inpaint')
    const mask = isInpainting ? nearestMask(await this.read('inpaint.mask'), noise.shape) : null
    return { noise, clean, strength, mask }
  }
}

interface Input {
  readonly noise: Tensor
  readonly clean: Tensor | null
  readonly strength: number
  /** 1 repaints; only where a part is kept. */
  readonly mask: Tensor | null
}

/**
 * Inpainting as diffusers does it with a U-Net of 4 channels: after every step, what is kept is set back to the input
 * picture at that step's noise. Its pipeline leaves `clip_sample` of DDIM on, which makes such runs chaotic: a change of
 * 3e-7 in the start, one rounding, grows to 3e-2 in 8 steps. So each step begins at the reference's own latent.
 * @param reference [steps, c, h, w], after each step
 */
async function inpaintedLatents(
  { plan, predict, predictionType, clean, mask, noise: draw }: LoopOptions,
  reference: Tensor,
): Promise<Tensor[]> {
  if (!clean || !mask) throw new Error('expected an input picture and its mask')
  const noise = draw(0)
  let moment = { step: 0, steps: plan.steps }
  const denoise = denoiser((scaledX, timestep) => predict(scaledX, timestep, moment), predictionType, plan.timestepAt)
  const latents: Tensor[] = []
  let x = weightedSum([1, clean], [plan.sigmas[0] ?? 0, noise])
  for (let step = 0; step < plan.steps; step++) {
    moment = { step, steps: plan.steps }
    const options = { noise: draw, from: { step, memory: [] }, estimateLimit: 1 }
    const { value } = await ddim(denoise, x, plan.sigmas, options).next()
    if (!value) throw new Error(`expected step ${step + 1} of ${plan.steps}, found the end`)
    const kept =
      step === plan.steps - 1 ? clean : dataScaled(weightedSum([1, clean], [value.sigma, noise]), value.sigma)
    latents.push(masked(dataScaled(value.x, value.sigma), kept, mask))
    const row = reference.data.subarray(step * clean.data.length, (step + 1) * clean.data.length)
    x = weightedSum([Math.hypot(1, value.sigma), tensor(clean.shape, row)])
  }
  return latents
}

/** A mask [1, 1, H, W] at the latent's size by its nearest values, as the original shrinks it. */
function nearestMask({ shape, data }: Tensor, latentShape: readonly number[]): Tensor {
  const [, , height = 0, width = 0] = shape
  const [, , latentHeight = 0, latentWidth = 0] = latentShape
  const mask = tensor([1, 1, latentHeight, latentWidth])
  for (let i = 0; i < mask.data.length; i++) {
    const y = Math.floor((Math.floor(i / latentWidth) * height) / latentHeight)
    const x = Math.floor(((i % latentWidth) * width) / latentWidth)
    mask.data[i] = (data[y * width + x] ?? 0) >= 0.5 ? 1 : 0
  }
  return mask
}

function deviation(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null
  return () => (made ??= make())
}

async function firstFile(paths: readonly string[]): Promise<string | null> {
  for (const path of paths) {
    if (
      await stat(path).then(
        () => true,
        () => false,
      )
    )
      return path
  }
  return null
}
