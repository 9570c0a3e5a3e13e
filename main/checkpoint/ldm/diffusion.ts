import type { DiffusionConfig } from '../config.ts'
import { readTensor } from '../safetensors.ts'
import type { TensorIndex } from '../tensor-index.ts'
import type { Sidecar } from './sidecar.ts'

/**
 * The forward process of an original-layout checkpoint: the file's own table of betas when it is there in full
 * precision (files that were halved as a whole hold a rounded one), the configuration beside it, else Stable Diffusion's.
 * @param usual what models of the family predict, where nothing says otherwise
 * @throws StudioError checkpoint-unsupported when the table cannot be read
 */
export async function ldmDiffusionConfig(
  index: TensorIndex,
  sidecar: Sidecar,
  usual: DiffusionConfig['predictionType'],
): Promise<DiffusionConfig> {
  const { entries } = index
  const betas = entries.get('betas')
  const table =
    betas?.shape.length === 1 && (betas.dtype === 'F32' || betas.dtype === 'F64') ? await readTensor(betas) : null
  return {
    predictionType: statedPredictionType(index, sidecar) ?? usual,
    trainTimesteps: table?.data.length ?? sidecar.trainTimesteps ?? 1000,
    betaSchedule: 'scaled_linear',
    betaStart: sidecar.betaStart ?? 0.00085,
    betaEnd: sidecar.betaEnd ?? 0.012,
    trainedBetas: table && [...table.data],
    rescaleZeroSnr: entries.has('ztsnr'),
    // Lin et al. 2023 (arXiv 2305.08891), section 3.3: a table that ends in noise alone has to be walked from its end.
    timestepSpacing: entries.has('ztsnr') ? 'trailing' : 'leading',
    stepsOffset: 1,
    setAlphaToOne: false,
  }
}

/**
 * What the network predicts, where anything says so: the configuration beside the file, a trainer's mark (`v_pred` is an
 * empty tensor, since the weights cannot say), or the metadata that Stability's model specification asks for.
 */
export function statedPredictionType(
  { entries, metadata }: TensorIndex,
  sidecar: Sidecar,
): DiffusionConfig['predictionType'] | null {
  if (sidecar.predictionType !== null) return sidecar.predictionType
  if (entries.has('v_pred')) return 'v'
  // ComfyUI writes the latter.
  const word = metadata['modelspec.prediction_type'] ?? metadata['modelspec.predict_key']
  return word === 'v' || word === 'epsilon' ? word : null
}
