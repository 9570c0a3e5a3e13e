import { StudioError } from '../contract/failure.ts'
import type { Checkpoint, LabelCheckpoint, Model } from './checkpoint.ts'
import { incoherences } from './coherence.ts'
import { readDiffusersFolder } from './diffusers/folder.ts'
import { locate } from './draft.ts'
import type { CheckpointOverrides, Draft, Place } from './draft.ts'
import { isLabelled, labelIncoherences, readLabelDraft } from './families/ldm.ts'
import { readTensorIndex } from './file-kind.ts'
import { readSingleFile } from './ldm/file.ts'
import { readOnnxFolder } from './onnx/folder.ts'
import { weightProblems } from './weights.ts'

export type { Checkpoint } from './checkpoint.ts'
export type { CheckpointOverrides } from './draft.ts'

/**
 * A model of tensors that is told by words and can run, from a diffusers folder or a single file. Reads headers and
 * configuration files, no weights; every tensor the networks need is there with the right shape when this returns.
 * @throws StudioError model-missing, checkpoint-unsupported
 */
export async function openCheckpoint(path: string, overrides: CheckpointOverrides = {}): Promise<Checkpoint> {
  const model = await openModel(path, overrides)
  if (model.layout !== 'onnx' && !('labels' in model)) return model
  const found =
    model.layout === 'onnx' ? 'ONNX graphs that run as they are' : `${model.family.name}, which is told no words`
  throw new StudioError(
    'checkpoint-unsupported',
    `${model.path}: expected the weights of a text-to-image model, found ${found}`,
  )
}

/**
 * Whatever can run at a path, with the same certainty.
 * @throws StudioError model-missing, checkpoint-unsupported
 */
export async function openModel(path: string, overrides: CheckpointOverrides = {}): Promise<Model> {
  const place = await locate(path)
  if (place.layout === 'onnx') return readOnnxFolder(place.path)
  const draft = await readDraft(place, overrides)
  const [problem] = draftProblems(draft)
  if (problem !== undefined) throw new StudioError('checkpoint-unsupported', problem)
  return draft.checkpoint
}

/** A model of tensors as its files describe it, unchecked. @throws StudioError checkpoint-unsupported */
export async function readDraft(place: Place, overrides: CheckpointOverrides): Promise<AnyDraft> {
  if (place.layout === 'diffusers') return readDiffusersFolder(place.path, overrides)
  const index = await readTensorIndex(place.path)
  return isLabelled(index) ? readLabelDraft(index) : readSingleFile(index, overrides)
}

type AnyDraft = Draft<Checkpoint | LabelCheckpoint>

/** Why a model cannot run, one sentence each; none when it can. */
export function draftProblems({ checkpoint, networks, faults: unread }: AnyDraft): string[] {
  const weights = networks.flatMap(({ label, path, weights, expected }) => {
    const { missing, faults } = weightProblems(weights, expected)
    const [first] = missing
    const lacking = `${path}: expected ${expected.size} tensors of the ${label}, found ${expected.size - missing.length}; missing`
    const more = missing.length > 1 ? ` and ${missing.length - 1} more` : ''
    return [
      ...faults.map((fault) => `${path}: ${fault}`),
      ...(first === undefined ? [] : [`${lacking} ${first}${more}`]),
    ]
  })
  const misfits = 'labels' in checkpoint ? labelIncoherences(checkpoint) : incoherences(checkpoint)
  return [...unread, ...misfits.map((sentence) => `${checkpoint.path}: ${sentence}`), ...weights]
}
