import { join } from 'node:path'
import { openCheckpoint } from '../main/checkpoint/open.ts'
import type { GenerationRequest } from '../main/contract/generation.ts'
import type { GenerationTask } from '../main/contract/studio.ts'

export const projectRoot = join(import.meta.dirname, '..')
export const starterFolder = join(projectRoot, 'resources', 'models', 'starter')
export const vocabulariesFolder = join(projectRoot, 'resources', 'vocabularies')

export const PROMPT = 'a red fox in the snow'

/** The picture that is made over and over: the built-in model, or another, as it offers itself, with a fixed seed. */
export async function starterRequest(modelFolder = starterFolder): Promise<GenerationRequest> {
  const { defaults } = await openCheckpoint(modelFolder)
  return { ...defaults, model: 'starter', prompt: PROMPT, negativePrompt: '', seed: 7, init: null }
}

/** "128x128, 25 steps of ddim, guidance 4" */
export function describeRequest({ widthPx, heightPx, steps, sampler, guidanceScale }: GenerationRequest): string {
  return `${widthPx}x${heightPx}, ${steps} steps of ${sampler}, guidance ${guidanceScale}`
}

/** The task that a shell would make of a request, without previews. */
export function starterTask(
  request: GenerationRequest,
  { stagingFolder, threads }: Pick<GenerationTask, 'stagingFolder' | 'threads'>,
): GenerationTask {
  return {
    jobId: crypto.randomUUID(),
    request,
    modelPath: starterFolder,
    inputPaths: {},
    partPaths: {},
    embeddings: [],
    stagingFolder,
    threads,
    showPreviews: false,
    batchGuidance: true,
  }
}
