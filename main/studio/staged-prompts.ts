import type { GenerationRequest } from '../contract/generation.ts'
import { composedPrompts } from '../text/prompt/composition.ts'
import { promptStages } from '../text/prompt/schedule.ts'
import type { PromptStage } from '../text/prompt/schedule.ts'
import { promptStyles } from '../text/prompt/styles.ts'

/** A prompt of those that act at once, at each step. */
export interface StagedPrompt {
  readonly weight: number
  readonly stages: readonly PromptStage[]
}

export interface StagedPrompts {
  readonly prompts: readonly StagedPrompt[]
  readonly negative: readonly PromptStage[]
}

/** What a request's prompts say at each of `steps`, in its style. @throws StudioError invalid-request for a prompt that cannot be read so */
export function stagedPrompts(
  { prompt, negativePrompt, promptStyle = 'plain' }: GenerationRequest,
  steps: number,
): StagedPrompts {
  const { hasStages } = promptStyles[promptStyle]
  const staged = (text: string): readonly PromptStage[] =>
    hasStages ? promptStages(text, steps) : [{ until: steps, text }]
  return {
    prompts: hasStages
      ? composedPrompts(prompt).map(({ text, weight }) => ({ weight, stages: staged(text) }))
      : [{ weight: 1, stages: staged(prompt) }],
    negative: staged(negativePrompt),
  }
}
