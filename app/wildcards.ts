import { globSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join, matchesGlob, sep } from 'node:path'
import { StudioError } from '../main/contract/failure.ts'
import type { GenerationRequest } from '../main/contract/generation.ts'
import { expanded, type Wildcards as Lines } from '../main/text/prompt/dynamic.ts'

const ENDING = '.txt'
/** Longer lists are no lists of words. */
const MAX_BYTES = 4 * 2 ** 20

export interface Wildcards {
  /** Every file's name without its ending, folders parted by a slash. */
  readonly names: () => string[]
  /** The request with its templates' choices made by its seed, and the templates as they were. */
  readonly expand: (request: GenerationRequest) => GenerationRequest
}

/** The user's wildcard files: one choice a line, # before a remark. */
export function openWildcards(folder: string): Wildcards {
  mkdirSync(folder, { recursive: true })
  const names = (): string[] =>
    globSync(`**/*${ENDING}`, { cwd: folder })
      .map((path) => path.slice(0, -ENDING.length).split(sep).join('/'))
      .sort()
  const linesOf: Lines = (wanted) =>
    names()
      .filter((name) => name === wanted || matchesGlob(name, wanted))
      .flatMap((name) => readLines(join(folder, name + ENDING)))
  return {
    names,
    expand: (request) => {
      const { prompt, negativePrompt, seed } = request
      return {
        ...request,
        prompt: expanded(prompt, seed, linesOf),
        negativePrompt: atNegative(() => expanded(negativePrompt, seed, linesOf)),
        template: { prompt, negativePrompt },
      }
    },
  }
}

/** What the negative prompt is refused for is told at it. */
function atNegative(expand: () => string): string {
  try {
    return expand()
  } catch (error) {
    if (!(error instanceof StudioError)) throw error
    throw new StudioError(error.code, error.message, { field: 'request.negativePrompt', cause: error })
  }
}

function readLines(path: string): string[] {
  if (statSync(path).size > MAX_BYTES) return []
  return readFileSync(path, 'utf8')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}
