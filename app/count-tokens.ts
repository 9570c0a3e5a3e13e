import type { ModelId, PromptStyleId } from '../main/contract/generation.ts'
import type { TokenCount } from '../main/contract/model.ts'
import { StudioError } from '../main/contract/failure.ts'
import { openModel } from '../main/checkpoint/open.ts'
import type { Library } from '../main/library/library.ts'
import { loadTokenizer } from '../main/studio/tokenizer.ts'
import { countTokens } from '../main/text/count-tokens.ts'
import type { Tokenizer } from '../main/text/tokenizer.ts'
import { requireModel } from './validate.ts'

export type CountTokens = (model: ModelId, text: string, style?: PromptStyleId) => Promise<TokenCount>

/** Counts prompts' tokens as the model itself will cut them; the last model's tokenizer is kept, for the next keystroke. */
export function createTokenCounter(library: Library, vocabulariesFolder: string): CountTokens {
  let last: { path: string; tokenizer: Promise<Tokenizer> } | null = null
  return async (model, text, style) => {
    const { path } = requireModel(library, model)
    if (last?.path !== path) last = { path, tokenizer: open(path) }
    const current = last
    try {
      return countTokens(await current.tokenizer, text, style)
    } catch (error) {
      // The files may be whole again the next time.
      if (last === current) last = null
      throw error
    }
  }

  async function open(path: string): Promise<Tokenizer> {
    const model = await openModel(path)
    if (!('labels' in model)) return loadTokenizer(model.textEncoders[0], vocabulariesFolder)
    throw new StudioError('invalid-request', `expected a model that is told words, found ${model.name}`)
  }
}
