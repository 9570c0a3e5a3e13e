import type { GenerationRequest } from '../contract/generation.ts'
import type { Conditioning } from '../diffusion/guidance.ts'
import { encodePrompts } from '../text/conditioning.ts'
import type { PromptEncoder } from '../text/conditioning.ts'
import { guidanceEmbedding } from './guidance-embedding.ts'
import type { LoadedModel } from './loaded-model.ts'
import { wholePicture } from './size-conditioning.ts'
import type { PromptRole } from './size-conditioning.ts'

/** What the network is told for a text, as a prompt or as a negative one; undefined for a text that was not encoded. */
export type Told = (text: string, role: PromptRole) => Conditioning | undefined

/** Encodes texts, each once. @param onTokens told what the text encoders are given */
export async function encodedPrompts(
  model: LoadedModel,
  { promptStyle = 'plain', heightPx, widthPx, guidanceScale }: GenerationRequest,
  { texts, onTokens }: { readonly texts: readonly string[]; readonly onTokens: (ids: readonly number[]) => void },
): Promise<Told> {
  const once = [...new Set(texts)]
  const encoders = (await model.promptEncoders()).map(({ encode, ...rest }): PromptEncoder => ({
    ...rest,
    encode: (ids, hidden) => {
      onTokens(ids.flat())
      return encode(ids, hidden)
    },
  }))
  const encoded = await encodePrompts(encoders, once, promptStyle)
  const prompts = new Map(encoded.map((prompt, i) => [once[i] ?? '', prompt]))
  const { guidanceSize } = model.networks
  const scale = guidanceSize === null ? {} : { guidance: guidanceEmbedding(guidanceScale, guidanceSize) }
  return (text, role) => {
    const prompt = prompts.get(text)
    return prompt && { ...model.conditioning(prompt, wholePicture(heightPx, widthPx), role), ...scale }
  }
}
