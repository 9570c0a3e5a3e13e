import { join } from 'node:path'
import type { GenerationRequest } from '../../main/contract/generation.ts'
import type { MemoryUse } from '../../main/contract/memory.ts'
import { inChild } from '../child/run.ts'
import { FULL_MODELS, writeModel } from '../full/write-model.ts'
import type { BenchOptions, Report, Row } from '../report.ts'
import { PROMPT, starterFolder, starterRequest, starterTask } from '../starter-task.ts'
import { inTemporaryFolder } from '../temporary-folder.ts'
import type { MemoryUsed } from './in-child.ts'
import { watchMemory } from './process-memory.ts'
import type { MemoryPeaks } from './process-memory.ts'

const MB = 1e6

interface Case {
  readonly title: string
  readonly modelPath: string
  readonly request: GenerationRequest
  readonly uses: readonly MemoryUse[]
}

interface Used extends MemoryUsed, MemoryPeaks {
  readonly use: MemoryUse
}

/**
 * Peak memory of whole pictures, as the studio process makes them, against the bytes of the models' weights: of the
 * built-in model, and of Stable Diffusion 1.5 and XL with random weights. Takes minutes and 7 GB of disk.
 */
export async function memory({ threads }: BenchOptions): Promise<Report[]> {
  const starter = await starterRequest()
  const full = (sidePx: number): GenerationRequest => ({
    ...starter,
    prompt: PROMPT,
    negativePrompt: 'blurry',
    steps: 2,
    guidanceScale: 5,
    sampler: 'euler',
    schedule: 'normal',
    widthPx: sidePx,
    heightPx: sidePx,
  })
  const both = ['fast', 'small'] as const
  const reports = [
    await report({ title: 'the built-in model', modelPath: starterFolder, request: starter, uses: both }, threads),
  ]
  for (const { name, title, sidePx, uses } of [
    { name: 'sd15', title: 'Stable Diffusion 1.5, random weights', sidePx: 512, uses: both },
    { name: 'sdxl', title: 'Stable Diffusion XL, random weights', sidePx: 1024, uses: ['small'] },
  ] as const) {
    await inTemporaryFolder(async (folder) => {
      const modelPath = join(folder, name)
      await writeModel(modelPath, FULL_MODELS[name])
      reports.push(await report({ title, modelPath, request: full(sidePx), uses }, threads))
    })
  }
  return reports
}

/** A fresh process for each use. */
async function report({ title, modelPath, request, uses }: Case, threads: number | null): Promise<Report> {
  const used: Used[] = []
  for (const use of uses) used.push(await pictureMemory(modelPath, request, use, threads))
  const { widthPx, heightPx, steps, guidanceScale } = request
  const [first] = used
  return {
    title: `memory: ${title}, ${widthPx}x${heightPx}, ${steps} steps, guidance ${guidanceScale}`,
    rows: [
      row('weights as stored', first?.stored ?? NaN),
      row('weights as float32', first?.asFloat32 ?? NaN),
      row('the process without a model', first?.before ?? NaN),
      ...used.flatMap(rowsOf),
    ],
    notes: [
      "Peaks are of the whole process's resident memory while it makes a picture. Pages of the weights file that are",
      "resident count, though they are the system's cache and leave when memory is short; what is its own does not.",
    ],
  }
}

async function pictureMemory(
  modelPath: string,
  request: GenerationRequest,
  use: MemoryUse,
  threads: number | null,
): Promise<Used> {
  return inTemporaryFolder(async (stagingFolder) => {
    let stop = (): MemoryPeaks => ({ own: null })
    const task = { ...starterTask(request, { stagingFolder, threads }), modelPath, memoryUse: use }
    const used = await inChild('memory', task, (pid) => {
      stop = watchMemory(pid)
    })
    return { ...used, ...stop(), use }
  })
}

function rowsOf({ use, peak, own, asFloat32 }: Used): Row[] {
  const compared = (label: string, bytes: number): Row => ({
    ...row(label, bytes),
    ratio: { samples: [bytes / asFloat32], to: 'the weights as float32' },
  })
  return [compared(`peak, ${use}`, peak), ...(own === null ? [] : [compared("  of the process's own", own)])]
}

function row(label: string, bytes: number): Row {
  return { label, unit: 'MB', samples: [bytes / MB] }
}
