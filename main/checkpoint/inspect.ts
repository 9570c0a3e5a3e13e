import { resolve } from 'node:path'
import { toFailure } from '../contract/failure.ts'
import type { Checkpoint, LabelCheckpoint, ModelFacts, OnnxModel } from './checkpoint.ts'
import type { DiffusionConfig } from './config.ts'
import { locate } from './draft.ts'
import type { Draft, DraftNetwork, Place } from './draft.ts'
import { readTensorIndex } from './file-kind.ts'
import { looksLike } from './looks-like.ts'
import { graphComponents, graphDtypes } from './onnx/facts.ts'
import { readOnnxFolder } from './onnx/folder.ts'
import { draftProblems, readDraft } from './open.ts'
import { valueCount } from './tensor-index.ts'
import type { TensorEntry } from './tensor-index.ts'
import { weightProblems } from './weights.ts'

/** What one network of a file holds; `parameters` counts values. */
export interface ComponentFacts {
  readonly name: string
  readonly tensorCount: number
  readonly parameters: number
  readonly sizeBytes: number
}

/** What a folder or file is, for people to read. What could not be found out is null or empty. */
export interface Inspection {
  readonly path: string
  /** Null for a folder that is no model. */
  readonly layout: ModelFacts['layout'] | null
  readonly family: string | null
  readonly familyName: string | null
  readonly predictionType: DiffusionConfig['predictionType'] | null
  readonly tensorCount: number
  /** Number of tensors by storage type. */
  readonly dtypes: Readonly<Record<string, number>>
  readonly parameters: number
  readonly sizeBytes: number
  readonly components: readonly ComponentFacts[]
  /** Tensors that the networks need and the files lack, by diffusers name after the network's. */
  readonly missing: readonly string[]
  /** Tensors that no network uses and that are not known remnants of training. */
  readonly unused: readonly string[]
  /** What a file that is no model of a known family seems to be, in a sentence. */
  readonly looksLike: string | null
  /** Why it cannot run, in a sentence; null for a model that opens. */
  readonly problem: string | null
}

interface NoPlace {
  readonly path: string
  readonly layout: null
  readonly fileBytes: 0
}

/**
 * What lies at a path, whether it can run or not.
 * @throws StudioError model-missing when nothing lies there
 */
export async function inspect(path: string): Promise<Inspection> {
  let place: Place
  try {
    place = await locate(path)
  } catch (error) {
    const failure = toFailure(error)
    if (failure.code === 'model-missing') throw error
    return unread({ path: resolve(path), layout: null, fileBytes: 0 }, [], failure.message)
  }
  try {
    if (place.layout === 'onnx') return describeGraphs(await readOnnxFolder(place.path))
    return describe(await readDraft(place, {}))
  } catch (error) {
    const index = place.layout === 'single-file' ? await readTensorIndex(place.path).catch(() => null) : null
    return unread(place, [...(index?.entries.values() ?? [])], toFailure(error).message)
  }
}

function describe(draft: Draft<Checkpoint | LabelCheckpoint>): Inspection {
  const { checkpoint, networks, tensors } = draft
  const used = new Set(networks.flatMap(({ weights }) => weights.names.map((name) => weights.require(name).name)))
  return {
    path: checkpoint.path,
    layout: checkpoint.layout,
    family: checkpoint.family.id,
    familyName: checkpoint.family.name,
    predictionType: checkpoint.diffusion.predictionType,
    ...totals(tensors),
    sizeBytes: checkpoint.sizeBytes,
    components: networks.map(componentFacts),
    missing: networks.flatMap(({ label, weights, expected }) =>
      weightProblems(weights, expected).missing.map((name) => `${label}: ${name}`),
    ),
    unused: tensors.filter((entry) => !used.has(entry.name) && !draft.isIgnored(entry.name)).map(({ name }) => name),
    looksLike: null,
    problem: draftProblems(draft)[0] ?? null,
  }
}

/** Of a model of ready-made graphs: what each holds, and nothing missing. */
function describeGraphs(model: OnnxModel): Inspection {
  const components = graphComponents(model)
  const sum = (count: (facts: ComponentFacts) => number) => components.reduce((total, facts) => total + count(facts), 0)
  return {
    path: model.path,
    layout: model.layout,
    family: model.family.id,
    familyName: model.family.name,
    predictionType: model.diffusion.predictionType,
    tensorCount: sum(({ tensorCount }) => tensorCount),
    dtypes: graphDtypes(model),
    parameters: sum(({ parameters }) => parameters),
    sizeBytes: model.sizeBytes,
    components,
    missing: [],
    unused: [],
    looksLike: null,
    problem: null,
  }
}

function unread(place: Place | NoPlace, tensors: readonly TensorEntry[], problem: string): Inspection {
  const kind = looksLike(tensors.map(({ name }) => name))
  return {
    path: place.path,
    layout: place.layout,
    family: null,
    familyName: null,
    predictionType: null,
    ...totals(tensors),
    sizeBytes: place.fileBytes,
    components: [],
    missing: [],
    unused: [],
    looksLike: kind && `By its tensors' names this looks like ${kind.what}.`,
    problem,
  }
}

function componentFacts({ label, weights }: DraftNetwork): ComponentFacts {
  const entries = weights.names.map((name) => weights.require(name))
  return {
    name: label,
    tensorCount: entries.length,
    parameters: entries.reduce((sum, { shape }) => sum + valueCount(shape), 0),
    sizeBytes: entries.reduce((sum, entry) => sum + entry.sizeBytes, 0),
  }
}

function totals(tensors: readonly TensorEntry[]): Pick<Inspection, 'tensorCount' | 'dtypes' | 'parameters'> {
  const dtypes: Record<string, number> = {}
  let parameters = 0
  for (const entry of tensors) {
    dtypes[entry.dtype] = (dtypes[entry.dtype] ?? 0) + 1
    parameters += valueCount(entry.shape)
  }
  return { tensorCount: tensors.length, dtypes, parameters }
}
