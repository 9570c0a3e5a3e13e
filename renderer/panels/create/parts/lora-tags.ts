import type { LoraUse } from '../../../../main/contract/generation.ts'
import type { PartSummary } from '../../../../main/contract/part.ts'
import { fileStem } from '../../../names.ts'

/** A LoRA as it is called inside a prompt. */
export interface LoraTag {
  readonly text: string
  readonly name: string
  readonly weight: number
  readonly textWeight: number
}

/** `<lora:name>`, `<lora:name:weight>` or `<lora:name:text weight:weight>`, as AUTOMATIC1111's prompts have it; LyCORIS files go by `lyco` too. */
const TAG = /<(?:lora|lyco):([^:<>]+)(?::(-?[\d.]+))?(?::(-?[\d.]+))?>/gi

/** The LoRAs a prompt calls, in its order. */
export function loraTags(prompt: string): readonly LoraTag[] {
  return [...prompt.matchAll(TAG)].map(([text, name = '', first, second]) => {
    const textWeight = numberOf(first, 1)
    return { text, name: name.trim(), textWeight, weight: numberOf(second, textWeight) }
  })
}

/** The prompt without a tag and without the comma that belonged to it. */
export function withoutTag(prompt: string, { text }: LoraTag): string {
  const start = prompt.indexOf(text)
  if (start < 0) return prompt
  const before = prompt.slice(0, start)
  const after = prompt.slice(start + text.length)
  const isListed = /(^|,)\s*$/.test(before)
  if (isListed && /^\s*,/.test(after)) return before + after.replace(/^\s*,\s*/, '')
  if (after.trim() === '') return before.replace(/[\s,]+$/, '') + after.replace(/^\s+/, '')
  return before.endsWith(' ') || before === '' ? before + after.replace(/^\s+/, '') : before + after
}

/** The LoRA of that name, or whose file has it. */
export function findLora(loras: readonly PartSummary[], name: string): PartSummary | undefined {
  const wanted = name.toLowerCase()
  return (
    loras.find((lora) => lora.name.toLowerCase() === wanted) ??
    loras.find((lora) => fileStem(lora.path).toLowerCase() === wanted)
  )
}

/** How a tag's LoRA is used; its text weight only where it is told apart. */
export function tagUse(id: string, { weight, textWeight }: LoraTag): LoraUse {
  return { id, weight, ...(textWeight === weight ? {} : { textWeight }) }
}

function numberOf(text: string | undefined, otherwise: number): number {
  const number = Number(text)
  return text === undefined || !Number.isFinite(number) ? otherwise : number
}
