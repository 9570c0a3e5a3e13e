import { join } from 'node:path'
import { StudioError } from '../contract/failure.ts'
import type { Checkpoint, Model } from './checkpoint.ts'
import { incoherences } from './coherence.ts'
import { readDiffusersFolder } from './diffusers/folder.ts'
import { locate } from './draft.ts'
import type { CheckpointOverrides, Draft } from './draft.ts'
import { readTensorIndex } from './file-kind.ts'
import { readSingleFile } from './ldm/file.ts'
import { readOnnxFolder } from './onnx/folder.ts'
import { weightProblems } from './weights.ts'

export type { Checkpoint } from './checkpoint.ts'
export type { CheckpointOverrides } from './draft.ts'

/**
 * A model that can run, from a diffusers folder or a single file. Reads headers and configuration files, no weights;
 * every tensor the networks need is there with the right shape when this returns.
 * @throws StudioError model-missing, checkpoint-unsupported
 */
export async function openCheckpoint(path: string, overrides: CheckpointOverrides = {}): Promise<Checkpoint> {
  const draft = await readDraft(path, overrides)
  const [problem] = draftProblems(draft)
  if (problem !== undefined) throw new StudioError('checkpoint-unsupported', problem)
  return draft.checkpoint
}

/**
 * Whatever can run at a path: a checkpoint as `openCheckpoint` gives it, or a folder of ONNX graphs.
 * @throws StudioError model-missing, checkpoint-unsupported
 */
export async function openModel(path: string, overrides: CheckpointOverrides = {}): Promise<Model> {
  const place = await locate(path)
  return place.layout === 'onnx' ? readOnnxFolder(place.path) : openCheckpoint(path, overrides)
}

/** A model as its files describe it, unchecked. @throws StudioError model-missing, checkpoint-unsupported */
export async function readDraft(path: string, overrides: CheckpointOverrides): Promise<Draft> {
  const place = await locate(path)
  if (place.layout === 'onnx') {
    const found = `found ${join('unet', 'model.onnx')}, a graph that runs as it is`
    throw new StudioError('checkpoint-unsupported', `${place.path}: expected a model's weights, ${found}`)
  }
  if (place.layout === 'diffusers') return readDiffusersFolder(place.path, overrides)
  return readSingleFile(await readTensorIndex(place.path), overrides)
}

/** Why a model cannot run, one sentence each; none when it can. */
export function draftProblems({ checkpoint, networks, faults: unread }: Draft): string[] {
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
  return [...unread, ...incoherences(checkpoint).map((sentence) => `${checkpoint.path}: ${sentence}`), ...weights]
}
