import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { StudioError } from '../../contract/failure.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { incoherences } from '../coherence.ts'
import type { DiffusionConfig, UnetConfig } from '../config.ts'
import { UNET } from '../diffusers/network.ts'
import { readSchedulerConfig } from '../diffusers/scheduler-config.ts'
import { readUnetConfig } from '../diffusers/unet-config.ts'
import { readFolderTensors } from '../diffusers/weight-files.ts'
import { unetTensors } from '../expected/unet.ts'
import { FAMILIES } from '../families/index.ts'
import { readTensorIndex } from '../file-kind.ts'
import { statedPredictionType } from '../ldm/diffusion.ts'
import { LDM_UNET, ldmUnetNames } from '../ldm/names.ts'
import { readSidecar } from '../ldm/sidecar.ts'
import { refuseScaledWeights } from '../scaled-weights.ts'
import { withPrefix } from '../tensor-index.ts'
import type { TensorIndex } from '../tensor-index.ts'
import type { Component } from '../weights.ts'
import { soundWeights } from './sound-weights.ts'
import { originalUnetConfig, unetDimensions } from './unet-dimensions.ts'

/** A U-Net by itself, to be taken in place of a model's own. */
export interface ExternalUnet {
  readonly component: Component<UnetConfig>
  /** What it was trained for; the model's own where its files do not say. */
  readonly diffusion: DiffusionConfig
  /** Else the network has to be asked what it predicts. */
  readonly isPredictionTypeStated: boolean
}

/**
 * A U-Net from a diffusers `unet` folder, or a file of diffusers' or the original's names, with their prefix or without, that
 * fits the other networks of a model.
 * @throws StudioError model-missing; checkpoint-unsupported, also for one that does not fit
 */
export async function openUnet(path: string, base: Checkpoint): Promise<ExternalUnet> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new StudioError('model-missing', `${path}: expected a U-Net, found none`, { cause })
  })
  const unet = found.isDirectory() ? await openFolder(path, base) : await openFile(path, base)
  requireFit(path, unet.component, base)
  return unet
}

async function openFolder(path: string, base: Checkpoint): Promise<ExternalUnet> {
  const { config } = await readUnetConfig(join(path, 'config.json'))
  const { entries } = await readFolderTensors(path, UNET.stem)
  const weights = soundWeights({ path, entries, nameMap: UNET.nameMap }, unetTensors(config))
  const diffusion = await schedulerOf(path)
  return { component: { config, weights }, ...(diffusion ? { diffusion, isPredictionTypeStated: true } : usual(base)) }
}

/** The scheduler's configuration in a U-Net's folder, or beside it in a folder of networks; null where there is none. */
async function schedulerOf(folder: string): Promise<DiffusionConfig | null> {
  const beside = basename(folder) === UNET.folder ? [join(dirname(folder), 'scheduler')] : []
  for (const place of [folder, ...beside]) {
    const path = join(place, 'scheduler_config.json')
    if (await stat(path).catch(() => null)) return readSchedulerConfig(path)
  }
  return null
}

async function openFile(path: string, base: Checkpoint): Promise<ExternalUnet> {
  const index = await readTensorIndex(path)
  refuseScaledWeights(index)
  const sidecar = await readSidecar(path)
  const stated = statedPredictionType(index, sidecar)
  const { diffusion, isPredictionTypeStated } = usual(base)
  return {
    component: componentOf(index, base.unet.config, sidecar),
    diffusion: {
      ...diffusion,
      predictionType: stated ?? diffusion.predictionType,
      // As `ldmDiffusionConfig` reads a trainer's mark.
      ...(index.entries.has('ztsnr') ? { rescaleZeroSnr: true, timestepSpacing: 'trailing' } : {}),
    },
    isPredictionTypeStated: stated !== null || isPredictionTypeStated,
  }
}

function componentOf(
  index: TensorIndex,
  base: UnetConfig,
  sidecar: Awaited<ReturnType<typeof readSidecar>>,
): Component<UnetConfig> {
  const { file: path, entries } = index
  if (entries.has('down_blocks.0.resnets.0.conv1.weight')) {
    const config = unetDimensions(index, base)
    return { config, weights: soundWeights({ path, entries, nameMap: UNET.nameMap }, unetTensors(config)) }
  }
  const prefixed = withPrefix(index, LDM_UNET)
  if (!prefixed.entries.has(`${LDM_UNET}input_blocks.0.0.weight`)) {
    const some = [...entries.keys()].slice(0, 3).join(', ') || 'none'
    throw new StudioError('checkpoint-unsupported', `${path}: expected the tensors of a U-Net, found ${some}`)
  }
  const config = originalUnetConfig(prefixed, base, sidecar)
  const source = { path, entries: prefixed.entries, nameMap: ldmUnetNames(config) }
  return { config, weights: soundWeights(source, unetTensors(config)) }
}

/** Of a U-Net that says nothing: as the model's own, save that families which predict one or the other have to be asked. */
function usual({ diffusion, family: { id } }: Checkpoint): Omit<ExternalUnet, 'component'> {
  const hasBoth = FAMILIES.find((family) => family.id === id)?.singleFile?.hasBothPredictionTypes ?? false
  return { diffusion, isPredictionTypeStated: !hasBoth && diffusion.predictionType === 'epsilon' }
}

/** The other networks stay: what they give must be what this one takes. */
function requireFit(path: string, unet: Component<UnetConfig>, base: Checkpoint): void {
  const [own, found] = [base.unet.config.vector?.size ?? 0, unet.config.vector?.size ?? 0]
  const [misfit] = [
    ...incoherences({ ...base, unet }),
    ...((own === 0) === (found === 0)
      ? []
      : [`the U-Net's added vector: expected one of ${own}, found one of ${found}`]),
  ]
  if (misfit === undefined) return
  throw new StudioError('checkpoint-unsupported', `${path}: expected a U-Net for ${base.name}: ${misfit}`)
}
