import { stat } from 'node:fs/promises'
import { readCard } from '../checkpoint/card.ts'
import type { Model } from '../checkpoint/checkpoint.ts'
import { toFailure } from '../contract/failure.ts'
import type { ModelDefaults, ModelSummary } from '../contract/model.ts'
import { modelName } from '../checkpoint/draft.ts'
import { readTensorIndex } from '../checkpoint/file-kind.ts'
import { looksLike } from '../checkpoint/looks-like.ts'
import { openModel } from '../checkpoint/open.ts'
import { memoryNeed } from './memory-need.ts'
import { BUILT_IN_ID, modelId } from './model-id.ts'

/** Fields of a model that cannot run still need a start. */
const UNKNOWN_DEFAULTS: ModelDefaults = {
  widthPx: 512,
  heightPx: 512,
  steps: 25,
  guidanceScale: 7.5,
  sampler: 'dpmpp-2m',
  schedule: 'karras',
}
const CLIP_CHUNK_TOKENS = 75

/**
 * What the library says about a place where a model may lie, from headers and configuration files. A model that cannot
 * run has its `problem`; null for weights that are no model of their own, as a LoRA or an autoencoder.
 */
export async function summarise(
  path: string,
  { isBuiltIn, memoryBytes }: { isBuiltIn: boolean; memoryBytes: number },
): Promise<ModelSummary | null> {
  try {
    const model = await openModel(path)
    const { description = null } = await readCard(path)
    return {
      id: isBuiltIn ? BUILT_IN_ID : modelId(path, modelName(path, model.layout)),
      name: model.name,
      path,
      layout: model.layout,
      family: model.family.id,
      familyName: model.familyName,
      predictionType: model.diffusion.predictionType,
      sizeBytes: model.sizeBytes,
      isBuiltIn,
      defaults: model.defaults,
      ...promptFacts(model),
      input: model.input,
      hint: model.hint,
      memory: memoryNeed(model, memoryBytes),
      triggerWords: [],
      description,
      hasThumbnail: false,
      sha256: null,
      dataSha256: null,
      problem: null,
    }
  } catch (error) {
    return withProblem(path, isBuiltIn, toFailure(error).message)
  }
}

function promptFacts(model: Model): Pick<ModelSummary, 'chunkTokens' | 'prompt'> {
  if ('labels' in model) return { chunkTokens: CLIP_CHUNK_TOKENS, prompt: model.labels === null ? 'nothing' : 'class' }
  // The start and the end of each chunk are not the prompt's.
  return { chunkTokens: model.textEncoders[0].config.contextLength - 2, prompt: 'words' }
}

async function withProblem(path: string, isBuiltIn: boolean, problem: string): Promise<ModelSummary | null> {
  const found = await stat(path).catch(() => null)
  const isFile = found?.isFile() ?? false
  // A header that cannot be read leaves open what the file was meant to be.
  const index = isFile ? await readTensorIndex(path).catch(() => null) : null
  const kind = index && looksLike(index.entries.keys())
  if (index && !kind?.family) return null

  const layout = isFile ? 'single-file' : 'diffusers'
  const name = modelName(path, layout)
  return {
    id: isBuiltIn ? BUILT_IN_ID : modelId(path, name),
    name,
    path,
    layout,
    family: 'unknown',
    familyName: kind?.family ?? 'Unknown',
    predictionType: 'epsilon',
    sizeBytes: isFile ? (found?.size ?? 0) : 0,
    isBuiltIn,
    defaults: UNKNOWN_DEFAULTS,
    chunkTokens: CLIP_CHUNK_TOKENS,
    prompt: 'words',
    input: 'none',
    hint: null,
    memory: null,
    triggerWords: [],
    description: null,
    hasThumbnail: false,
    sha256: null,
    dataSha256: null,
    problem,
  }
}
