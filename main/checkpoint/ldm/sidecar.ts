import { join, parse } from 'node:path'
import { parse as parseYaml } from 'yaml'
import * as z from 'zod'
import { StudioError } from '../../contract/failure.ts'
import type { PredictionType } from '../../contract/generation.ts'
import { isThere, parseFields, readText } from '../json-file.ts'

/** What the original code's configuration, a YAML file of the checkpoint's name beside it, says that tensors cannot. */
export interface Sidecar {
  readonly scaleFactor: number | null
  readonly betaStart: number | null
  readonly betaEnd: number | null
  readonly trainTimesteps: number | null
  readonly predictionType: PredictionType | null
  readonly headCount: number | null
  readonly headWidth: number | null
  /** Width and height of the latent it was trained at. */
  readonly latentSize: number | null
}

/** No file, nothing said. */
const SILENT: Sidecar = {
  scaleFactor: null,
  betaStart: null,
  betaEnd: null,
  trainTimesteps: null,
  predictionType: null,
  headCount: null,
  headWidth: null,
  latentSize: null,
}

const whole = z.int().min(1).max(1_000_000)
const fraction = z.number().positive().max(1)

const UnetParams = z.looseObject({
  num_heads: z.int().min(-1).max(1024).optional(),
  num_head_channels: z.int().min(-1).max(4096).optional(),
})
const Part = <T extends z.ZodType>(params: T) => z.looseObject({ params: params.optional() }).optional()
const Fields = z.looseObject({
  model: z.looseObject({
    params: z.looseObject({
      linear_start: fraction.optional(),
      linear_end: fraction.optional(),
      timesteps: whole.optional(),
      scale_factor: z.number().positive().optional(),
      parameterization: z.enum(['eps', 'v', 'x0']).optional(),
      image_size: whole.optional(),
      unet_config: Part(UnetParams),
      // The same in the later code's files.
      network_config: Part(UnetParams),
      denoiser_config: Part(z.looseObject({ scaling_config: z.looseObject({ target: z.string() }).optional() })),
    }),
  }),
})

/**
 * The configuration beside a single-file checkpoint: `model.yaml` for `model.safetensors`.
 * @throws StudioError checkpoint-unsupported when it is there and unreadable
 */
export async function readSidecar(weightsPath: string): Promise<Sidecar> {
  const { dir, name } = parse(weightsPath)
  for (const extension of ['.yaml', '.yml']) {
    const path = join(dir, name + extension)
    if (await isThere(path)) return readYaml(path)
  }
  return SILENT
}

async function readYaml(path: string): Promise<Sidecar> {
  const { params } = parseFields(path, parseText(path, await readText(path)), Fields).model
  const unet = params.unet_config?.params ?? params.network_config?.params
  // The original code writes -1 where the other of the two decides.
  const chosen = (value: number | undefined) => (value === undefined || value < 1 ? null : value)
  return {
    scaleFactor: params.scale_factor ?? null,
    betaStart: params.linear_start ?? null,
    betaEnd: params.linear_end ?? null,
    trainTimesteps: params.timesteps ?? null,
    predictionType: predictionType(params.parameterization ?? params.denoiser_config?.params?.scaling_config?.target),
    headCount: chosen(unet?.num_heads),
    headWidth: chosen(unet?.num_head_channels),
    latentSize: params.image_size ?? null,
  }
}

/** From the original code's word, or the class that stands for it in the later code. */
function predictionType(name: string | undefined): Sidecar['predictionType'] {
  if (name === 'x0') return 'sample'
  if (name === 'v' || name?.endsWith('.VScaling')) return 'v'
  return name === 'eps' || name?.endsWith('.EpsScaling') ? 'epsilon' : null
}

function parseText(path: string, text: string): unknown {
  try {
    return parseYaml(text, { logLevel: 'error' })
  } catch (error) {
    throw new StudioError('checkpoint-unsupported', `${path}: expected YAML, found text that does not parse`, {
      cause: error,
    })
  }
}
