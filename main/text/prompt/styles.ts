import type { PromptStyleId } from '../../contract/generation.ts'
import { commaChunks, fullChunks, wordChunks } from '../chunks.ts'
import type { Chunking } from '../chunks.ts'
import { fromEmpty, masked, multiplied, rescaled } from '../emphasis.ts'
import type { Emphasis } from '../emphasis.ts'
import { attentionFragments } from './attention.ts'
import { comfyFragments } from './comfyui.ts'
import type { Fragment } from './fragment.ts'
import { invokeFragments } from './invokeai.ts'

/** A way of writing prompts, and what it does with them, after the program it is named for. */
export interface PromptStyle {
  /** @throws StudioError invalid-request for what it cannot read */
  readonly read: (prompt: string) => Fragment[]
  readonly chunks: Chunking
  readonly emphasis: Emphasis
  /** [from:to:when], [a|b] and AND mean something. */
  readonly hasStages: boolean
}

/** Every style; `plain` takes the words as they stand. */
export const promptStyles = {
  plain: {
    read: (text) => [{ text, weight: 1, start: 0 }],
    chunks: commaChunks,
    emphasis: multiplied,
    hasStages: false,
  },
  a1111: { read: attentionFragments, chunks: commaChunks, emphasis: rescaled, hasStages: true },
  'a1111-no-norm': { read: attentionFragments, chunks: commaChunks, emphasis: multiplied, hasStages: true },
  comfyui: { read: comfyFragments, chunks: wordChunks, emphasis: fromEmpty, hasStages: false },
  invokeai: { read: invokeFragments, chunks: fullChunks, emphasis: masked, hasStages: false },
} satisfies Record<PromptStyleId, PromptStyle>
