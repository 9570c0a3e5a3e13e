import type { ModelId, PromptStyleId } from '../main/contract/generation.ts'
import type { TokenCount } from '../main/contract/model.ts'
import { openModel } from '../main/checkpoint/open.ts'
import type { Library } from '../main/library/library.ts'
import { loadTokenizer } from '../main/studio/tokenizer.ts'
import { countTokens } from '../main/text/count-tokens.ts'
import type { Tokenizer } from '../main/text/tokenizer.ts'
import { requireModel } from './validate.ts'

export type CountTokens = (model: ModelId, text: string, style?: PromptStyleId) => Promise<TokenCount>

/** Counts prompts' tokens as the model itself will cut them, none where it hears no words; the last model's tokenizer is kept, for the next keystroke. */
export function createTokenCounter(library: Library, vocabulariesFolder: string): CountTokens {
  let last: { path: string; tokenizer: Promise<Tokenizer | null> } | null = null
  return async (model, text, style) => {
    const { path, chunkTokens } = requireModel(library, model)
    if (last?.path !== path) last = { path, tokenizer: open(path) }
    const current = last
    try {
      const tokenizer = await current.tokenizer
      return tokenizer ? countTokens(tokenizer, text, style) : { tokens: 0, chunkTokens, chunkStarts: [0] }
    } catch (error) {
      // The files may be whole again the next time.
      if (last === current) last = null
      throw error
    }
  }

  /** Null for a model that hears no words. */
  async function open(path: string): Promise<Tokenizer | null> {
    const model = await openModel(path)
    return 'labels' in model ? null : loadTokenizer(model.textEncoders[0], vocabulariesFolder)
  }
}
