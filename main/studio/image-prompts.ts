import { access } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { UnetConfig } from '../checkpoint/config.ts'
import { openImageEncoder } from '../checkpoint/parts/image-encoder.ts'
import type { ImageEncoderConfig } from '../checkpoint/parts/image-encoder.ts'
import { neededEncoder, openIpAdapter } from '../checkpoint/parts/ip-adapter.ts'
import type { IpAdapterConfig } from '../checkpoint/parts/ip-adapter.ts'
import type { Component } from '../checkpoint/weights.ts'
import { StudioError, toFailure } from '../contract/failure.ts'
import type { ImagePrompt } from '../contract/generation.ts'
import type { GenerationTask } from '../contract/studio.ts'
import { clipPicture } from '../image/clip-picture.ts'
import { buildImageEncoder } from '../network/image-encoder.ts'
import { buildImageProjection } from '../network/image-prompt.ts'
import type { OnnxGraph } from '../runtime/graph.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { expandBatch } from '../tensor/batch.ts'
import { atField } from './at-field.ts'
import { isActive } from './guide-feeds.ts'
import type { Feeds, NetworkPass } from './guide-feeds.ts'
import { inputPath, partPath } from './task-paths.ts'

/** An IP-Adapter that a request names and the image encoder it goes with, opened but not loaded. */
export interface JoinedAdapter {
  readonly path: string
  readonly component: Component<IpAdapterConfig>
  readonly encoder: Component<ImageEncoderConfig>
}

/** A picture as tokens [1, t, d], and what stands for no picture beside a negative prompt. */
export interface PictureTokens {
  readonly prompt: Tensor
  readonly negative: Tensor
}

/** Runs a graph once on some feeds after another, and closes it. */
export type RunOnce = (graph: OnnxGraph, feeds: readonly Feeds[]) => Promise<Record<string, Tensor>[]>

/** The request's pictures that prompt, of those that act at all. */
export function usedImagePrompts({ request }: Pick<GenerationTask, 'request'>): readonly ImagePrompt[] {
  return (request.imagePrompts ?? []).filter(({ weight }) => weight > 0)
}

/** One adapter for each picture that prompts. @throws StudioError model-missing, checkpoint-unsupported */
export async function openAdapters(unet: UnetConfig, task: GenerationTask): Promise<JoinedAdapter[]> {
  return atField(
    'imagePrompts',
    Promise.all(
      usedImagePrompts(task).map(async ({ id }) => {
        const path = partPath(task, id)
        const component = await openIpAdapter(path, unet)
        return { path, component, encoder: await findEncoder(path, component.config, task.imageEncoders ?? []) }
      }),
    ),
  )
}

/** Models by the width of what an adapter takes of them. */
const ENCODER_NAMES = {
  embedding: { 768: 'CLIP ViT-L-14', 1024: 'CLIP ViT-H-14', 1280: 'CLIP ViT-bigG-14' },
  hidden: { 1024: 'CLIP ViT-L-14', 1280: 'CLIP ViT-H-14', 1664: 'CLIP ViT-bigG-14' },
} as const satisfies Record<string, Readonly<Record<number, string>>>

/** Beside the adapter, as its authors lay them out, then in the library. */
async function findEncoder(
  path: string,
  config: IpAdapterConfig,
  library: readonly string[],
): Promise<Component<ImageEncoderConfig>> {
  const { output, width } = neededEncoder(config)
  const folder = dirname(path)
  const beside = [join(folder, 'image_encoder'), join(folder, '../models/image_encoder')]
  const found: string[] = []
  for (const place of [...beside, ...library]) {
    if (!library.includes(place) && !(await exists(place))) continue
    try {
      const encoder = await openImageEncoder(place)
      const { hiddenSize, projection } = encoder.config
      if ((output === 'embedding' ? projection.size : hiddenSize) === width) return encoder
      found.push(`${place} (embedding ${projection.size}, layers ${hiddenSize} wide)`)
    } catch (error) {
      found.push(toFailure(error).message)
    }
  }
  const names: Readonly<Record<number, string>> = ENCODER_NAMES[output]
  const what = output === 'embedding' ? `whose embedding is ${width} wide` : `whose layers are ${width} wide`
  const expected = `expected the image encoder that this IP-Adapter goes with, ${names[width] ?? 'one'} ${what}`
  throw new StudioError('model-missing', `${path}: ${expected}, found ${found.join('; ') || 'none'}`)
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/**
 * The pictures as tokens. An encoder is as large as a U-Net: it is open for these runs only, and `known` tokens are not made again.
 * @throws StudioError not-found, invalid-request, model-missing, out-of-memory
 */
export async function readImagePrompts(
  task: GenerationTask,
  adapters: readonly JoinedAdapter[],
  known: Map<string, PictureTokens>,
  run: RunOnce,
): Promise<PictureTokens[]> {
  const all: PictureTokens[] = []
  for (const [i, { image }] of usedImagePrompts(task).entries()) {
    const adapter = adapters[i]
    if (!adapter) throw new RangeError(`expected an adapter for each picture that prompts, found ${adapters.length}`)
    const key = `${image} ${adapter.path}`
    const tokens = known.get(key) ?? (await tokensOf(adapter, inputPath(task, image), run))
    known.set(key, tokens)
    all.push(tokens)
  }
  return all
}

/** Where the adapter takes an embedding, no picture is one of zeros; else it is what the encoder makes of zeros. */
async function tokensOf({ component, encoder }: JoinedAdapter, picture: string, run: RunOnce): Promise<PictureTokens> {
  const { output } = neededEncoder(component.config)
  const pixels = await clipPicture(picture, encoder.config.sizePx)
  const seen = output === 'embedding' ? [{ pixels }] : [{ pixels }, { pixels: tensor(pixels.shape) }]
  const features = (await run(buildImageEncoder(encoder, output), seen)).map((outputs) => outputs['features'])
  const [something, nothing = something && tensor(something.shape)] = features
  if (!something || !nothing) throw new Error('expected features of the image encoder, found none')
  const tokens = await run(buildImageProjection(component), [{ features: something }, { features: nothing }])
  const [prompt, negative] = tokens.map((outputs) => outputs['tokens'])
  if (!prompt || !negative) throw new Error('expected tokens of the image projection, found none')
  return { prompt, negative }
}

/** The pictures in a pass: the tokens that its conditioning holds, and how much each counts. */
export function pictureFeeds(prompts: readonly ImagePrompt[], { x, told, moment }: NetworkPass): Feeds {
  const entries = prompts.map((prompt, i): [string, Tensor][] => {
    const tokens = told.imageTokens?.[i]
    if (!tokens) throw new RangeError(`expected tokens of ${prompts.length} pictures, found ${i}`)
    const scale = isActive(prompt, moment) ? prompt.weight : 0
    return [
      [`image_tokens.${i}`, expandBatch(tokens, x.shape[0] ?? 1)],
      [`image_scale.${i}`, tensor([1], Float32Array.of(scale))],
    ]
  })
  return Object.fromEntries(entries.flat())
}
