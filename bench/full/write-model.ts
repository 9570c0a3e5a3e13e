import { mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readAutoencoderConfig } from '../../main/checkpoint/diffusers/autoencoder-config.ts'
import { AUTOENCODER, textEncoderPlace, UNET } from '../../main/checkpoint/diffusers/network.ts'
import { readTextEncoderConfig } from '../../main/checkpoint/diffusers/text-encoder-config.ts'
import { readUnetConfig } from '../../main/checkpoint/diffusers/unet-config.ts'
import type { ExpectedTensors } from '../../main/checkpoint/expected/layers.ts'
import { SYMBOLS_IN_VOCABULARY_ORDER } from '../../main/text/byte-symbols.ts'
import { BOS, EOS, parseMerges } from '../../main/text/tokenizer.ts'
import { writeRandomTensors } from './random-tensors.ts'

interface FullModel {
  readonly pipeline: string
  readonly unet: object
  readonly autoencoder: object
  readonly textEncoders: readonly { readonly className: string; readonly config: object }[]
}

const CLIP = {
  hidden_size: 768,
  intermediate_size: 3072,
  num_attention_heads: 12,
  projection_dim: 768,
  model_type: 'clip_text_model',
}
const OPEN_CLIP = {
  hidden_size: 1280,
  intermediate_size: 5120,
  num_hidden_layers: 32,
  num_attention_heads: 20,
  projection_dim: 1280,
  hidden_act: 'gelu',
  model_type: 'clip_text_model',
}
const AUTOENCODER_CONFIG = { block_out_channels: [128, 256, 512, 512], layers_per_block: 2 }

/** Two models as they are published, where they differ from the defaults of diffusers and transformers. */
export const FULL_MODELS = {
  sd15: {
    pipeline: 'StableDiffusionPipeline',
    unet: { cross_attention_dim: 768, sample_size: 64 },
    autoencoder: AUTOENCODER_CONFIG,
    textEncoders: [{ className: 'CLIPTextModel', config: CLIP }],
  },
  sdxl: {
    pipeline: 'StableDiffusionXLPipeline',
    unet: {
      sample_size: 128,
      block_out_channels: [320, 640, 1280],
      down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D'],
      up_block_types: ['CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'UpBlock2D'],
      transformer_layers_per_block: [1, 2, 10],
      attention_head_dim: [5, 10, 20],
      cross_attention_dim: 2048,
      use_linear_projection: true,
      addition_embed_type: 'text_time',
      addition_time_embed_dim: 256,
      projection_class_embeddings_input_dim: 2816,
    },
    autoencoder: { ...AUTOENCODER_CONFIG, scaling_factor: 0.13025 },
    textEncoders: [
      { className: 'CLIPTextModel', config: CLIP },
      { className: 'CLIPTextModelWithProjection', config: OPEN_CLIP },
    ],
  },
} as const satisfies Record<string, FullModel>

const MERGES = join(import.meta.dirname, '../../resources/vocabularies/clip-merges.txt')

/** Writes the U-Net alone, float16 in a diffusers folder. */
export async function writeUnet(folder: string, { unet }: FullModel): Promise<void> {
  await writeNetwork(folder, 'unet', UNET.stem, { _class_name: 'UNet2DConditionModel', ...unet }, async (path) =>
    UNET.expected((await readUnetConfig(path)).config),
  )
}

/** Writes a whole model with random weights, float16 in a diffusers folder: 2.1 GB of Stable Diffusion 1.5, 6.9 GB of XL. */
export async function writeModel(folder: string, model: FullModel): Promise<void> {
  const index: Record<string, unknown> = {
    _class_name: model.pipeline,
    unet: ['diffusers', 'UNet2DConditionModel'],
    vae: ['diffusers', 'AutoencoderKL'],
  }
  await writeUnet(folder, model)
  await writeNetwork(folder, 'vae', AUTOENCODER.stem, model.autoencoder, async (path) =>
    AUTOENCODER.expected(await readAutoencoderConfig(path)),
  )
  for (const [place, { className, config }] of model.textEncoders.entries()) {
    const suffix = place === 0 ? '' : `_${place + 1}`
    const { stem, expected } = textEncoderPlace(`text_encoder${suffix}`, place)
    index[`text_encoder${suffix}`] = ['transformers', className]
    index[`tokenizer${suffix}`] = ['transformers', 'CLIPTokenizer']
    await writeNetwork(folder, `text_encoder${suffix}`, stem, config, async (path) =>
      expected(await readTextEncoderConfig(path, className.endsWith('WithProjection'))),
    )
    await writeTokenizer(join(folder, `tokenizer${suffix}`))
  }
  await writeJson(join(folder, 'scheduler'), 'scheduler_config.json', { beta_schedule: 'scaled_linear' })
  await writeJson(folder, 'model_index.json', index)
}

async function writeNetwork(
  modelFolder: string,
  name: string,
  stem: string,
  config: object,
  tensors: (configPath: string) => Promise<ExpectedTensors>,
): Promise<void> {
  const folder = join(modelFolder, name)
  await writeJson(folder, 'config.json', config)
  const file = await open(join(folder, `${stem}.safetensors`), 'w')
  try {
    await writeRandomTensors(file, await tensors(join(folder, 'config.json')))
  } finally {
    await file.close()
  }
}

/** CLIP's own. */
async function writeTokenizer(folder: string): Promise<void> {
  const mergesText = await readFile(MERGES, 'utf8')
  const tokens = [
    ...SYMBOLS_IN_VOCABULARY_ORDER,
    ...SYMBOLS_IN_VOCABULARY_ORDER.map((symbol) => `${symbol}</w>`),
    ...parseMerges(mergesText).map((pair) => pair.replace(' ', '')),
    BOS,
    EOS,
  ]
  await writeJson(folder, 'vocab.json', Object.fromEntries(tokens.map((token, id) => [token, id])))
  await writeFile(join(folder, 'merges.txt'), mergesText)
}

async function writeJson(folder: string, name: string, value: object): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, name), JSON.stringify(value))
}
