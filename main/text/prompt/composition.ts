/** A prompt among several that act at once, each drawn towards by its weight. */
export interface ComposedPrompt {
  readonly text: string
  readonly weight: number
}

const AND = /(?<![\p{L}\p{N}_])AND(?![\p{L}\p{N}_])/u
const WEIGHT = /^([^]*?)(?:\s*:\s*([-+]?(?:\d+\.?|\d*\.\d+)))?\s*$/

/**
 * The prompts that AND stands between, each with the weight that may end it, as in "a cat :1.2 AND a dog".
 * Liu et al. 2022 (arXiv 2206.01714) in the syntax of AUTOMATIC1111's stable-diffusion-webui.
 */
export function composedPrompts(prompt: string): ComposedPrompt[] {
  return prompt.split(AND).map((part) => {
    const [, text = '', weight] = WEIGHT.exec(part) ?? []
    return { text, weight: weight === undefined ? 1 : Number(weight) }
  })
}
