import { GenerationRequest } from '../../contract/generation.ts'
import type { Recipe, RecipeFields } from '../../contract/recipe.ts'

/** Another program's values, each for a field of a request, not yet known to be within its bounds. */
export type ToldFields = { readonly [F in keyof RecipeFields]?: unknown }

/** What another program's picture tells, before it is known what of it fits. */
export interface Told {
  readonly program: string
  readonly fields: ToldFields
  readonly modelName: string | null
  readonly modelHash?: string | undefined
  /** What no field is for, in words. */
  readonly left: readonly string[]
}

/** The fields whose values are ones a request can have; the others are named among what is left. */
export function recipeOf({ program, fields, modelName, modelHash = '', left }: Told): Recipe {
  const taken: [string, unknown][] = []
  const refused: string[] = []
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue
    const found = GenerationRequest.shape[name as keyof RecipeFields].safeParse(value)
    if (found.success) taken.push([name, found.data])
    else
      refused.push(`${NAMES[name as keyof RecipeFields]} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
  }
  // Shorter ones are of another kind.
  const hash = /^[0-9a-f]{10,64}$/i.test(modelHash) ? modelHash.toLowerCase() : null
  return { program, fields: Object.fromEntries(taken), modelName, modelHash: hash, left: [...refused, ...left] }
}

const NAMES = {
  prompt: 'prompt',
  negativePrompt: 'negative prompt',
  promptStyle: 'prompt style',
  seed: 'seed',
  steps: 'steps',
  guidanceScale: 'guidance',
  widthPx: 'width',
  heightPx: 'height',
  sampler: 'sampler',
  schedule: 'schedule',
  noise: 'noise',
  clipSkip: 'CLIP skip',
} satisfies Record<keyof RecipeFields, string>

/** How a LoRA is called in a prompt, for programs that keep it elsewhere. */
export function loraTag(name: string, weight: number): string {
  return `<lora:${fileStem(name)}:${weight}>`
}

/** The prompt with the tags of its LoRAs behind it. */
export function withTags(prompt: string, tags: readonly string[]): string {
  return [prompt, ...tags].filter((part) => part !== '').join(' ')
}

/** A file's name without its folders and its ending. */
export function fileStem(path: string): string {
  return path.replace(/^.*[\\/]/, '').replace(/\.(?:safetensors|ckpt|pt|pth|bin|gguf)$/i, '')
}
