import { mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Checkpoint, TextEncoderPart } from '../checkpoint/checkpoint.ts'
import type { ClipTextConfig, DiffusionConfig, UnetConfig } from '../checkpoint/config.ts'
import { writeTensors } from '../checkpoint/test-models.ts'
import type { StoredTensor } from '../checkpoint/test-models.ts'
import type { TensorEntry } from '../checkpoint/tensor-index.ts'
import type { Component } from '../checkpoint/weights.ts'
import { SYMBOLS_IN_VOCABULARY_ORDER } from '../text/byte-symbols.ts'
import { BOS, EOS, parseMerges } from '../text/tokenizer.ts'

/** Writes a model anew as the diffusers folder that its family is published as, with CLIP's own vocabulary. */
export async function writeDiffusersFolder(model: Checkpoint, folder: string, mergesPath: string): Promise<void> {
  const { unet, autoencoder, textEncoders, diffusion } = model
  const index: Record<string, unknown> = {
    _class_name: unet.config.vector ? 'StableDiffusionXLPipeline' : 'StableDiffusionPipeline',
    unet: ['diffusers', 'UNet2DConditionModel'],
    vae: ['diffusers', 'AutoencoderKL'],
  }
  for (const [i, part] of textEncoders.entries()) {
    // The refiner has the second one alone.
    const isProjected = i === 1 || (unet.config.vector !== null && textEncoders.length === 1)
    const suffix = isProjected ? '_2' : ''
    index[`text_encoder${suffix}`] = ['transformers', isProjected ? 'CLIPTextModelWithProjection' : 'CLIPTextModel']
    index[`tokenizer${suffix}`] = ['transformers', 'CLIPTokenizer']
    await writeTextEncoder(part, join(folder, `text_encoder${suffix}`), isProjected)
    await writeTokenizer(part, join(folder, `tokenizer${suffix}`), mergesPath)
  }
  await writeComponent(unet, join(folder, 'unet'), unetFields(unet.config))
  const { blockChannels, layersPerBlock, latentChannels, scalingFactor } = autoencoder.config
  await writeComponent(autoencoder, join(folder, 'vae'), {
    block_out_channels: blockChannels,
    layers_per_block: layersPerBlock,
    latent_channels: latentChannels,
    scaling_factor: scalingFactor,
  })
  await writeJson(join(folder, 'scheduler'), 'scheduler_config.json', schedulerFields(diffusion))
  await writeJson(folder, 'model_index.json', index)
}

/** An encoder whose projection no one uses is published without it, and then without the layers its context leaves out. */
async function writeTextEncoder(part: TextEncoderPart, folder: string, isProjected: boolean): Promise<void> {
  const { config } = part
  const isCut = config.isContextNormed
  const layerCount = config.layerCount - (isCut ? config.skippedLayers : 0)
  const kept = (name: string): boolean => {
    const layer = /\.layers\.(\d+)\./.exec(name)
    return (layer ? Number(layer[1]) < layerCount : true) && (isProjected || name !== 'text_projection.weight')
  }
  const turned = (name: string, tensor: StoredTensor) =>
    name === 'text_projection.weight' && config.projection?.isTransposed ? transposed(tensor) : tensor
  await writeComponent(part, folder, textFields({ ...config, layerCount }), 'model', kept, turned)
}

async function writeComponent(
  { weights }: Component<unknown>,
  folder: string,
  fields: object,
  stem = 'diffusion_pytorch_model',
  kept: (name: string) => boolean = () => true,
  turned: (name: string, tensor: StoredTensor) => StoredTensor = (_, tensor) => tensor,
): Promise<void> {
  await writeJson(folder, 'config.json', fields)
  const tensors = new Map<string, StoredTensor>()
  for (const name of weights.names.filter(kept)) tensors.set(name, turned(name, await stored(weights.require(name))))
  await writeTensors(join(folder, `${stem}.safetensors`), tensors)
}

async function stored({ dtype, shape, file, offset, sizeBytes }: TensorEntry): Promise<StoredTensor> {
  const handle = await open(file)
  const bytes = new Uint8Array(sizeBytes)
  await handle.read(bytes, 0, sizeBytes, offset)
  await handle.close()
  return { dtype, shape, bytes }
}

/** A matrix of float16 with rows and columns exchanged. */
function transposed({ dtype, shape, bytes }: StoredTensor): StoredTensor {
  const [rows = 0, columns = 0] = shape
  const values = new Uint16Array(bytes.buffer)
  const turned = values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)] ?? 0)
  return { dtype, shape: [columns, rows], bytes: new Uint8Array(turned.buffer) }
}

function unetFields(config: UnetConfig): object {
  const types = (way: string, depths: readonly number[]) =>
    depths.map((depth) => (depth > 0 ? `CrossAttn${way}Block2D` : `${way}Block2D`))
  return {
    in_channels: config.inChannels,
    out_channels: config.outChannels,
    block_out_channels: config.blockChannels,
    layers_per_block: config.layersPerBlock,
    down_block_types: types('Down', config.downTransformerDepth),
    up_block_types: types('Up', config.upTransformerDepth).reverse(),
    // The last level's is the middle's too.
    transformer_layers_per_block: config.downTransformerDepth.map((depth, level, { length }) =>
      level === length - 1 ? config.middleTransformerDepth : Math.max(1, depth),
    ),
    attention_head_dim: config.headCount,
    cross_attention_dim: config.crossAttentionDim,
    use_linear_projection: config.hasLinearProjections,
    time_cond_proj_dim: config.guidanceSize,
    ...(config.vector && {
      addition_embed_type: 'text_time',
      addition_time_embed_dim: config.vector.numberWidth,
      projection_class_embeddings_input_dim: config.vector.size,
    }),
  }
}

function textFields(config: ClipTextConfig): object {
  return {
    model_type: 'clip_text_model',
    vocab_size: config.vocabularySize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.layerCount,
    num_attention_heads: config.headCount,
    max_position_embeddings: config.contextLength,
    hidden_act: config.activation,
    projection_dim: config.projection?.size ?? config.hiddenSize,
  }
}

function schedulerFields(config: DiffusionConfig): object {
  return {
    _class_name: 'DDIMScheduler',
    prediction_type: config.predictionType === 'v' ? 'v_prediction' : config.predictionType,
    beta_schedule: config.betaSchedule,
    beta_start: config.betaStart,
    beta_end: config.betaEnd,
    trained_betas: config.trainedBetas,
    timestep_spacing: config.timestepSpacing,
    steps_offset: config.stepsOffset,
    set_alpha_to_one: config.setAlphaToOne,
  }
}

async function writeTokenizer({ tokenizer }: TextEncoderPart, folder: string, mergesPath: string): Promise<void> {
  const mergesText = await readFile(mergesPath, 'utf8')
  const tokens = [
    ...SYMBOLS_IN_VOCABULARY_ORDER,
    ...SYMBOLS_IN_VOCABULARY_ORDER.map((symbol) => `${symbol}</w>`),
    ...parseMerges(mergesText).map((pair) => pair.replace(' ', '')),
    BOS,
    EOS,
  ]
  const padToken = tokenizer.kind === 'clip' ? (tokenizer.padToken ?? EOS) : tokenizer.padToken
  await writeJson(folder, 'vocab.json', Object.fromEntries(tokens.map((token, id) => [token, id])))
  await writeJson(folder, 'tokenizer_config.json', { pad_token: padToken })
  await writeFile(join(folder, 'merges.txt'), mergesText)
}

async function writeJson(folder: string, name: string, value: object): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, name), JSON.stringify(value))
}
