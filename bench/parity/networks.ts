import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import type { AutoencoderConfig, ClipTextConfig, UnetConfig } from '../../main/checkpoint/config.ts'
import { readNetwork, UNET } from '../../main/checkpoint/diffusers/network.ts'
import { readUnetConfig } from '../../main/checkpoint/diffusers/unet-config.ts'
import { openCheckpoint } from '../../main/checkpoint/open.ts'
import type { CheckpointOverrides } from '../../main/checkpoint/draft.ts'
import { openTinyAutoencoder } from '../../main/checkpoint/tiny-autoencoder.ts'
import type { Component } from '../../main/checkpoint/weights.ts'
import { readSafetensors } from '../../main/checkpoint/safetensors.ts'
import { StudioError } from '../../main/contract/failure.ts'
import type { ParityCase, ParityKind } from './case.ts'
import { autoencoderCases } from './networks/autoencoder.ts'
import type { Reference } from './networks/reference.ts'
import { textEncoderCases } from './networks/text-encoder.ts'
import { tinyAutoencoderCases } from './networks/tiny-autoencoder.ts'
import { unetCases } from './networks/unet.ts'

/** transformers' word for it, and OpenCLIP's. */
const Heads = z.looseObject({ num_attention_heads: z.int().optional(), heads: z.int().optional() })

/** What a manifest says of a model that a single file of weights cannot: how wide its attention heads are. */
const Manifest = z.looseObject({
  family: z.string(),
  config: z
    .looseObject({
      unet: z.looseObject({ num_heads: z.int().optional(), channel_mult: z.array(z.number()).optional() }).optional(),
      clip: Heads.optional(),
      clip_l: Heads.optional(),
      clip_g: Heads.optional(),
    })
    .optional(),
})

interface References {
  readonly unet: Reference | null
  readonly activations: Reference | null
  readonly text: Reference | null
  readonly autoencoder: Reference | null
}

interface Components {
  readonly unet: Component<UnetConfig> | null
  readonly textEncoders: readonly Component<ClipTextConfig>[]
  readonly autoencoder: Component<AutoencoderConfig> | null
}

/** The networks of a model, one by one, against what the original computed from the same weights and inputs. */
export const networkCases: ParityKind = async (folder) => {
  const manifest = await readManifest(folder)
  if (manifest === null) return null
  const tiny = await tinyAutoencoder(folder)
  if (tiny !== null) return tiny
  const references = await readReferences(folder)
  if (Object.values(references).every((reference) => reference === null)) return null
  try {
    return casesOf(await openComponents(folder, overrides(manifest)), references)
  } catch (error) {
    if (!(error instanceof StudioError)) throw error
    return [{ name: 'networks', run: () => Promise.reject(error) }]
  }
}

/** The cases of a folder with the two halves of a tiny autoencoder; null for another. */
async function tinyAutoencoder(folder: string): Promise<ParityCase[] | null> {
  const decoderPath = join(folder, 'taesd_decoder.safetensors')
  const reference = await firstReference([join(folder, 'reference.safetensors')])
  if (reference === null || !(await exists(decoderPath))) return null
  const decoder = await openTinyAutoencoder(decoderPath, 'decoder')
  const encoder = await openTinyAutoencoder(join(folder, 'taesd_encoder.safetensors'), 'encoder')
  return tinyAutoencoderCases({ encoder, decoder }, reference)
}

function casesOf({ unet, textEncoders, autoencoder }: Components, references: References): ParityCase[] {
  return [
    ...(unet && references.unet ? unetCases(unet, references.unet, references.activations) : []),
    ...(references.text ? textEncoderCases(textEncoders, unet?.config.vector ?? null, references.text) : []),
    ...(autoencoder && references.autoencoder ? autoencoderCases(autoencoder, references.autoencoder) : []),
  ]
}

async function openComponents(folder: string, model: CheckpointOverrides): Promise<Components> {
  if (await exists(join(folder, 'model_index.json'))) return openCheckpoint(folder)
  const file = join(folder, 'model.safetensors')
  if (await exists(file)) return openCheckpoint(file, model)
  const { config } = await readUnetConfig(join(folder, UNET.folder, 'config.json'))
  return { unet: await readNetwork(folder, UNET, config), textEncoders: [], autoencoder: null }
}

/** What a folder's manifest knows better than its files; nothing without a manifest. */
export async function manifestOverrides(folder: string): Promise<CheckpointOverrides> {
  const manifest = await readManifest(folder)
  return manifest === null ? {} : overrides(manifest)
}

function overrides({ config }: z.infer<typeof Manifest>): CheckpointOverrides {
  const { num_heads: unetHeads, channel_mult: levels } = config?.unet ?? {}
  const encoders = [config?.clip_l ?? config?.clip, config?.clip_g]
  const clipHeads = encoders.flatMap((encoder) => encoder?.num_attention_heads ?? encoder?.heads ?? [])
  return {
    ...(unetHeads === undefined || levels === undefined ? {} : { unet: { headCount: levels.map(() => unetHeads) } }),
    textEncoders: clipHeads.map((headCount) => ({ headCount })),
  }
}

async function readReferences(folder: string): Promise<References> {
  const inside = join(folder, 'reference')
  return {
    unet: await firstReference([
      join(folder, 'unet.safetensors'),
      join(folder, 'unet_reference.safetensors'),
      join(inside, 'unet.safetensors'),
    ]),
    activations: await firstReference([join(folder, 'unet_case0_activations.safetensors')]),
    text: await firstReference([
      join(folder, 'text_encoder.safetensors'),
      join(folder, 'text_encoders.safetensors'),
      join(inside, 'text_encoder.safetensors'),
    ]),
    autoencoder: await firstReference([join(folder, 'vae.safetensors'), join(inside, 'vae.safetensors')]),
  }
}

async function firstReference(paths: readonly string[]): Promise<Reference | null> {
  for (const path of paths) {
    if (await exists(path)) return (await readSafetensors(path)).entries
  }
  return null
}

async function readManifest(folder: string): Promise<z.infer<typeof Manifest> | null> {
  const text = await readFile(join(folder, 'manifest.json'), 'utf8').catch(() => null)
  if (text === null) return null
  const manifest = Manifest.safeParse(JSON.parse(text))
  return manifest.success ? manifest.data : null
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
