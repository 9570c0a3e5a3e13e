import type { UnetConfig } from '../checkpoint/config.ts'
import { openControlNet } from '../checkpoint/parts/controlnet.ts'
import type { ControlNetConfig } from '../checkpoint/parts/controlnet.ts'
import type { Component } from '../checkpoint/weights.ts'
import { StudioError } from '../contract/failure.ts'
import type { ControlUse } from '../contract/generation.ts'
import type { GenerationTask } from '../contract/studio.ts'
import { controlPicture } from '../image/control-picture.ts'
import type { Network } from '../runtime/network.ts'
import { expandBatch } from '../tensor/batch.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { isActive, noResiduals } from './guide-feeds.ts'
import type { Feeds, NetworkPass } from './guide-feeds.ts'
import { inputPath, partPath } from './task-paths.ts'

/** A ControlNet that a request names, opened but not loaded. */
export interface JoinedControl {
  readonly path: string
  readonly component: Component<ControlNetConfig>
}

/** A ControlNet with its picture, ready for passes. */
export interface Control {
  readonly use: ControlUse
  readonly config: ControlNetConfig
  /** Loads it where that has not been done. */
  readonly network: () => Promise<Network>
  /** [1, 3, h, w] in 0 to 1 */
  readonly hint: Tensor
}

/** The request's ControlNets that act at all. */
export function usedControls({ request }: Pick<GenerationTask, 'request'>): readonly ControlUse[] {
  return (request.controls ?? []).filter(({ weight }) => weight > 0)
}

/**
 * The ControlNets of a request for its U-Net, each file once.
 * @param factor pixels a side of each latent cell
 * @throws StudioError model-missing, checkpoint-unsupported, invalid-request
 */
export async function openControls(
  unet: Component<UnetConfig>,
  factor: number,
  task: GenerationTask,
): Promise<JoinedControl[]> {
  const paths = new Set(usedControls(task).map(({ id }) => partPath(task, id)))
  return atField(
    'controls',
    [...paths].map(async (path) => {
      const component = await openControlNet(path, unet)
      const halved = 2 ** (component.config.hintWidths.length - 1)
      if (halved === factor) return { path, component }
      const found = `expected a ControlNet whose pictures are ${factor} pixels a cell of this model, found ${halved}`
      throw new StudioError('invalid-request', `${path}: ${found}`)
    }),
  )
}

/** All of them; what fails is told with the request's field. */
export async function atField<T>(field: string, opened: readonly Promise<T>[]): Promise<T[]> {
  try {
    return await Promise.all(opened)
  } catch (error) {
    if (!(error instanceof StudioError)) throw error
    throw new StudioError(error.code, error.message, { field, cause: error.cause })
  }
}

/** The pictures of a request's ControlNets, drawn at the size of the result, each once. @throws StudioError not-found, invalid-request */
export async function readControls(
  task: GenerationTask,
  find: (path: string) => Pick<Control, 'config' | 'network'>,
): Promise<Control[]> {
  const { widthPx, heightPx } = task.request
  const controls: Control[] = []
  for (const use of usedControls(task)) {
    const { preprocessor, fit } = use
    const hint = await controlPicture(inputPath(task, use.image), { preprocessor, fit, widthPx, heightPx })
    controls.push({ use, hint, ...find(partPath(task, use.id)) })
  }
  return controls
}

/** What the controls that act in this pass add to the U-Net: the sum of their residuals by their weights. */
export async function residualsOf(controls: readonly Control[], unet: UnetConfig, pass: NetworkPass): Promise<Feeds> {
  let total: Feeds | null = null
  for (const control of controls) {
    if (!isActive(control.use, pass.moment)) continue
    const residuals = await (await control.network()).run(controlFeeds(control, pass))
    if (total === null) total = residuals
    else for (const [name, { data }] of Object.entries(residuals)) add(total[name]?.data, data)
  }
  return total ?? noResiduals(unet, pass.x.shape)
}

function controlFeeds({ use, hint, config }: Control, { x, timesteps, told }: NetworkPass): Feeds {
  const { context, vector, guidance } = told
  return {
    sample: x,
    timestep: tensor([timesteps.length], Float32Array.from(timesteps)),
    context,
    ...(vector === null ? {} : { vector }),
    ...(guidance === undefined || config.unet.guidanceSize === null ? {} : { guidance }),
    hint: expandBatch(hint, x.shape[0] ?? 1),
    scale: tensor([1], Float32Array.of(use.weight)),
  }
}

function add(sum: Float32Array | undefined, more: Float32Array): void {
  if (sum === undefined) return
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (more[i] ?? 0)
}
