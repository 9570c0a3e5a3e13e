import type { UnetConfig } from '../checkpoint/config.ts'
import { openControlNet } from '../checkpoint/parts/controlnet.ts'
import type { ControlNetConfig } from '../checkpoint/parts/controlnet.ts'
import type { Component } from '../checkpoint/weights.ts'
import { StudioError } from '../contract/failure.ts'
import type { ControlUse } from '../contract/generation.ts'
import type { GenerationTask } from '../contract/studio.ts'
import { controlPicture } from '../image/control-picture.ts'
import { readPicture } from '../image/picture.ts'
import type { Region, Size } from '../image/picture.ts'
import type { Network } from '../runtime/network.ts'
import { expandBatch } from '../tensor/batch.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { atField } from './at-field.ts'
import { isActive, noResiduals } from './guide-feeds.ts'
import type { Feeds, NetworkPass } from './guide-feeds.ts'
import { madePart } from './input-picture.ts'
import type { PicturePart } from './input-picture.ts'
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
    Promise.all(
      [...paths].map(async (path) => {
        const component = await openControlNet(path, unet)
        const halved = 2 ** (component.config.hintWidths.length - 1)
        if (halved === factor) return { path, component }
        const found = `expected a ControlNet whose pictures are ${factor} pixels a cell of this model, found ${halved}`
        throw new StudioError('invalid-request', `${path}: ${found}`)
      }),
    ),
  )
}

/** The request's ControlNets with their pictures. @throws StudioError not-found, invalid-request */
export async function readControls(
  task: GenerationTask,
  find: (path: string) => Pick<Control, 'config' | 'network'>,
): Promise<Control[]> {
  const hints = await readHints(task)
  return usedControls(task).flatMap((use, i) => {
    const hint = hints[i]
    return hint ? [{ use, hint, ...find(partPath(task, use.id)) }] : []
  })
}

/**
 * What the request's ControlNets are shown, one [1, 3, h, w] each in 0 to 1, at the size of the result. Where only a part of
 * the input picture is made, it is the same part of their pictures, whatever the size of these.
 * @throws StudioError not-found, invalid-request
 */
export async function readHints(task: GenerationTask): Promise<Tensor[]> {
  const { widthPx, heightPx } = task.request
  const uses = usedControls(task)
  const part = uses.length === 0 ? null : await madePart(task)
  const hints: Tensor[] = []
  for (const { image, preprocessor, fit } of uses) {
    const path = inputPath(task, image)
    const shown = part ? ({ fit: 'stretch', region: samePart(part, await readPicture(path)) } as const) : { fit }
    hints.push(await controlPicture(path, { preprocessor, widthPx, heightPx, ...shown }))
  }
  return hints
}

/** The part of another picture of the same thing. */
function samePart({ region, whole }: PicturePart, picture: Size): Region {
  const along = (from: number, length: number, of: number, total: number): [start: number, length: number] => {
    const start = Math.min(total - 1, Math.round((from * total) / of))
    return [start, Math.max(1, Math.min(total - start, Math.round((length * total) / of)))]
  }
  const [left, widthPx] = along(region.left, region.widthPx, whole.widthPx, picture.widthPx)
  const [top, heightPx] = along(region.top, region.heightPx, whole.heightPx, picture.heightPx)
  return { left, top, widthPx, heightPx }
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
