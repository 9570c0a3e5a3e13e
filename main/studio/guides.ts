import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import type { GenerationTask } from '../contract/studio.ts'
import type { UnetOptions } from '../network/unet.ts'
import type { Network } from '../runtime/network.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { openControls, readControls, residualsOf, usedControls } from './controls.ts'
import type { JoinedControl } from './controls.ts'
import type { GuideFeeds, GuideInputs, NetworkPass } from './guide-feeds.ts'
import { openAdapters, pictureFeeds, readImagePrompts, usedImagePrompts } from './image-prompts.ts'
import type { JoinedAdapter, PictureTokens, RunOnce } from './image-prompts.ts'
import type { PromptRole } from './size-conditioning.ts'
import { partPath } from './task-paths.ts'

/** The ControlNets and IP-Adapters that a request joins to its model, and what else changes its U-Net's passes. */
export interface JoinedGuides {
  readonly inputs: GuideInputs
  readonly controls: readonly JoinedControl[]
  /** One for each picture that prompts. */
  readonly adapters: readonly JoinedAdapter[]
  /** What pictures became, for the next run of the same. */
  readonly tokens: Map<string, PictureTokens>
}

/** The pictures that guide one run. */
export interface Guides {
  readonly feeds: GuideFeeds
  /** Of each picture that prompts, for prompts and for negative ones. */
  readonly imageTokens: Readonly<Record<PromptRole, readonly Tensor[]>>
}

/** Where the networks of guides are opened. */
export interface GuideHost {
  /** Loads it where that has not been done; stays open while the request names it. */
  open(control: JoinedControl): Promise<Network>
  readonly runOnce: RunOnce
}

export type GuideName = `ControlNet ${string}`

/** What of a request's guides changes the U-Net's graph, and the names of the networks that stay open for them. */
export function guideMarks(task: GenerationTask): {
  readonly unet: readonly string[]
  readonly names: readonly string[]
} {
  const names = usedControls(task).map(({ id }) => controlName(partPath(task, id)))
  const adapters = usedImagePrompts(task).map(({ id }) => partPath(task, id))
  const marks = [...(names.length > 0 ? ['residuals'] : []), ...(isPerturbed(task) ? ['perturbed'] : [])]
  return { unet: [...marks, ...adapters], names: [...new Set(names)].sort() }
}

export function controlName(path: string): GuideName {
  return `ControlNet ${path}`
}

/**
 * The guides of a request for its model; null where it has none.
 * @param factor pixels a side of each latent cell
 * @throws StudioError model-missing, checkpoint-unsupported, invalid-request
 */
export async function openGuides(
  { unet }: Pick<Checkpoint, 'unet'>,
  factor: number,
  task: GenerationTask,
): Promise<JoinedGuides | null> {
  const hasPerturbation = isPerturbed(task)
  if (usedControls(task).length === 0 && usedImagePrompts(task).length === 0 && !hasPerturbation) return null
  const controls = await openControls(unet, factor, task)
  const adapters = await openAdapters(unet.config, task)
  const inputs = {
    unet: unet.config,
    hasResiduals: controls.length > 0,
    pictureCount: adapters.length,
    hasPerturbation,
  }
  return { inputs, controls, adapters, tokens: new Map() }
}

/** Whether the request is guided away from what a perturbed middle predicts. */
export function isPerturbed({ request: { guidance } }: Pick<GenerationTask, 'request'>): boolean {
  return (guidance?.perturbedAttention ?? 0) > 0
}

function perturbedRows({ x, told }: NetworkPass): Tensor {
  return told.perturbed ?? tensor([x.shape[0] ?? 1])
}

/** How the U-Net is drawn for these guides. */
export function guidedUnet({ inputs, adapters }: JoinedGuides): UnetOptions {
  return {
    withResiduals: inputs.hasResiduals,
    withPerturbation: inputs.hasPerturbation,
    adapters: adapters.map(({ component }) => component),
  }
}

/**
 * The pictures of a run, ready to guide it.
 * @throws StudioError not-found, invalid-request, model-missing, out-of-memory
 */
export async function readGuides(joined: JoinedGuides, task: GenerationTask, host: GuideHost): Promise<Guides> {
  const tokens = await readImagePrompts(task, joined.adapters, joined.tokens, host.runOnce)
  const controls = await readControls(task, (path) => {
    const control = joined.controls.find((known) => known.path === path)
    if (!control) throw new RangeError(`expected one of ${joined.controls.length} ControlNets, found ${path}`)
    return { config: control.component.config, network: () => host.open(control) }
  })
  const prompts = usedImagePrompts(task)
  return {
    imageTokens: { prompt: tokens.map(({ prompt }) => prompt), negative: tokens.map(({ negative }) => negative) },
    feeds: async (pass) => ({
      ...(controls.length === 0 ? {} : await residualsOf(controls, joined.inputs.unet, pass)),
      ...pictureFeeds(prompts, pass),
      ...(joined.inputs.hasPerturbation ? { perturbed: perturbedRows(pass) } : {}),
    }),
  }
}
