import { join } from 'node:path'
import * as z from 'zod'
import { StudioError } from '../../contract/failure.ts'
import { modelDefaults, readCard } from '../card.ts'
import type { OnnxModel, TextEncoderGraph } from '../checkpoint.ts'
import { readSchedulerConfig } from '../diffusers/scheduler-config.ts'
import { readTokenizerSource } from '../diffusers/tokenizer.ts'
import { modelName } from '../draft.ts'
import type { ModelFamily } from '../families/family.ts'
import { sd1 } from '../families/sd1.ts'
import { sd2 } from '../families/sd2.ts'
import { sdxl } from '../families/sdxl.ts'
import { isThere, readJsonFile, readJsonIfThere } from '../json-file.ts'
import { readGraphFile } from './graph-file.ts'
import type { GraphFile } from './graph-file.ts'

/** The name that diffusers' own exporter, Optimum and diffusers give to a pipeline differs in its beginning. */
const PREFIX = /^(?:ORT|Onnx)/
const PIPELINES = [
  'StableDiffusionPipeline',
  'StableDiffusionImg2ImgPipeline',
  'LatentConsistencyModelPipeline',
  'LatentConsistencyModelImg2ImgPipeline',
]
const XL_PIPELINES = ['StableDiffusionXLPipeline', 'StableDiffusionXLImg2ImgPipeline']

const Index = z.looseObject({ _class_name: z.string() })
const size = z.int().min(1).max(1_000_000)
/** What newer exports keep beside each graph. */
const UnetFields = z.looseObject({
  sample_size: size.nullish(),
  cross_attention_dim: z.union([size, z.array(size)]).nullish(),
  use_linear_projection: z.boolean().nullish(),
})
const AutoencoderFields = z.looseObject({
  latent_channels: size.nullish(),
  block_out_channels: z.array(size).min(1).max(16).nullish(),
  scaling_factor: z.number().positive().nullish(),
})
const TextFields = z.looseObject({
  max_position_embeddings: size.nullish(),
  num_hidden_layers: z.int().min(1).max(1000).nullish(),
})

const CONTEXT_LENGTH = 77
const LATENT = { channels: 4, factor: 8 } as const
const SCALING_FACTORS = { sdxl: 0.13025, other: 0.18215 } as const
/** Width of Stable Diffusion 2's context. */
const OPEN_CLIP_WIDTH = 1024

/**
 * A model as Optimum, or diffusers' own script, exports it to ONNX: a graph a network in the folders unet, vae_decoder,
 * vae_encoder, text_encoder and text_encoder_2.
 * @throws StudioError checkpoint-unsupported
 */
export async function readOnnxFolder(path: string): Promise<OnnxModel> {
  const { isXl } = await pipeline(path)
  const unet = await readGraphFile(join(path, 'unet', 'model.onnx'))
  const decoder = await readGraphFile(join(path, 'vae_decoder', 'model.onnx'))
  const encoder = await readOptional(join(path, 'vae_encoder', 'model.onnx'))
  const textEncoders = await readTextEncoders(path, isXl)
  const unetFields = await fieldsOf(join(path, 'unet'), UnetFields)
  const family = familyOf(unet, unetFields, isXl)
  const latent = await latentSpace(path, decoder, isXl)
  requirePlainLatent(unet, latent.channels)

  const card = await readCard(path)
  const graphs = [unet, decoder, ...(encoder ? [encoder] : []), ...textEncoders.map(({ graph }) => graph)]
  return {
    path,
    name: card.name ?? modelName(path, 'onnx'),
    familyName: card.familyName ?? family.name,
    layout: 'onnx',
    family,
    diffusion: await readSchedulerConfig(join(path, 'scheduler', 'scheduler_config.json')),
    isPredictionTypeStated: true,
    defaults: modelDefaults(
      family.defaults,
      unetFields.sample_size ? unetFields.sample_size * latent.factor : null,
      card,
    ),
    input: 'none',
    hint: null,
    sizeBytes: graphs.reduce((sum, graph) => sum + weightBytes(graph), 0),
    graphs: { unet, decoder, encoder },
    textEncoders,
    latent,
    isToldSizes: isXl,
  }
}

/** Bytes of a graph's weights, in whatever file. */
export function weightBytes({ weights }: GraphFile): number {
  return weights.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

async function pipeline(path: string): Promise<{ isXl: boolean }> {
  const indexPath = join(path, 'model_index.json')
  const found = (await readJsonFile(indexPath, Index))._class_name
  const name = found.replace(PREFIX, '')
  if (PIPELINES.includes(name) || XL_PIPELINES.includes(name)) return { isXl: XL_PIPELINES.includes(name) }
  const known = [...PIPELINES, ...XL_PIPELINES].join(', ')
  throw new StudioError(
    'checkpoint-unsupported',
    `${indexPath}: expected an ONNX export of ${known}, found ${found}, which is not run as graphs`,
  )
}

async function readTextEncoders(path: string, isXl: boolean): Promise<OnnxModel['textEncoders']> {
  const first = await readTextEncoder(path, '', isXl)
  return isXl ? [first, await readTextEncoder(path, '_2', isXl)] : [first]
}

async function readTextEncoder(path: string, suffix: string, isXl: boolean): Promise<TextEncoderGraph> {
  const folder = join(path, `text_encoder${suffix}`)
  const graph = await readGraphFile(join(folder, 'model.onnx'))
  const fields = await fieldsOf(folder, TextFields)
  const layers = fields.num_hidden_layers ?? lastHiddenState(graph)
  if (isXl && layers === null) {
    throw new StudioError(
      'checkpoint-unsupported',
      `${graph.path}: expected the outputs hidden_states.0 …, found ${graph.outputs.map(({ name }) => name).join(', ')}`,
    )
  }
  return {
    config: { contextLength: fields.max_position_embeddings ?? CONTEXT_LENGTH },
    tokenizer: await readTokenizerSource(join(path, `tokenizer${suffix}`)),
    graph,
    // Stable Diffusion XL listens to the layer before the last.
    layer: isXl && layers !== null ? layers - 1 : null,
  }
}

/** hidden_states.0 is the embedding's, the last one the last layer's: as many layers as that number. */
function lastHiddenState({ outputs }: GraphFile): number | null {
  const states = outputs.flatMap(({ name }) => /^hidden_states\.(\d+)$/.exec(name)?.[1] ?? [])
  return states.length === 0 ? null : Math.max(...states.map(Number))
}

function familyOf(unet: GraphFile, fields: z.infer<typeof UnetFields>, isXl: boolean): ModelFamily {
  if (isXl) return sdxl
  const context = unet.inputs.find(({ name }) => name === 'encoder_hidden_states')?.shape?.[2]
  const width = context ?? [fields.cross_attention_dim].flat()[0]
  return (fields.use_linear_projection ?? width === OPEN_CLIP_WIDTH) ? sd2 : sd1
}

async function latentSpace(path: string, decoder: GraphFile, isXl: boolean): Promise<OnnxModel['latent']> {
  const fields = await fieldsOf(join(path, 'vae_decoder'), AutoencoderFields)
  const told = decoder.inputs.find(({ name }) => name === 'latent_sample')?.shape?.[1]
  return {
    channels: told ?? fields.latent_channels ?? LATENT.channels,
    factor: fields.block_out_channels ? 2 ** (fields.block_out_channels.length - 1) : LATENT.factor,
    scalingFactor: fields.scaling_factor ?? SCALING_FACTORS[isXl ? 'sdxl' : 'other'],
  }
}

function requirePlainLatent(unet: GraphFile, channels: number): void {
  const found = unet.inputs.find(({ name }) => name === 'sample')?.shape?.[1] ?? channels
  if (found === channels) return
  throw new StudioError(
    'checkpoint-unsupported',
    `${unet.path}: sample: expected ${channels} channels, as the latent has, found ${found}`,
  )
}

async function readOptional(path: string): Promise<GraphFile | null> {
  return (await isThere(path)) ? readGraphFile(path) : null
}

async function fieldsOf<S extends z.ZodType>(folder: string, schema: S): Promise<z.infer<S>> {
  return (await readJsonIfThere(join(folder, 'config.json'), schema)) ?? schema.parse({})
}
