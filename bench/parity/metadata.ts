import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { parseInfotext } from '../../main/image/infotext.ts'
import type { Infotext } from '../../main/image/infotext.ts'
import { readParameters } from '../../main/image/parameters.ts'
import { comfyPicture, readGraph } from '../../main/image/recipes/comfyui.ts'
import type { ParityCase, ParityKind } from './case.ts'

const Fields = z.record(z.string(), z.unknown())
const Manifest = z.object({
  files: z.array(z.object({ file: z.string(), style: z.string(), text: z.string().optional(), expected: Fields })),
})
const Cases = z.object({
  cases: z.array(
    // What the original adds where the text says nothing is no part of what it says.
    z.object({ infotext: z.string(), parsed: Fields, added_defaults: Fields }),
  ),
})

/** What pictures of other programs say of their making: a folder of such pictures and of AUTOMATIC1111's parses. */
export const metadataCases: ParityKind = async (folder) => {
  const read = async <T>(name: string, schema: z.ZodType<T>) => {
    const text = await readFile(join(folder, name), 'utf8').catch(() => null)
    return schema.safeParse(text === null ? null : JSON.parse(text)).data ?? null
  }
  const [manifest, cases] = [await read('manifest.json', Manifest), await read('infotext_cases.json', Cases)]
  if (!manifest || !cases) return null
  return [
    ...manifest.files.map(({ file, style, text, expected }) =>
      metadataCase(file, async () => {
        const { texts, infotext } = await readParameters(join(folder, file))
        if (style === 'ComfyUI') return sameFields(comfyFields(texts['prompt'] ?? ''), expected)
        if (style === 'InvokeAI') return sameFields(JSON.parse(texts['invokeai_metadata'] ?? '{}'), expected)
        const isRead = Object.values(texts).includes(text ?? '')
        return isRead && infotext !== null && sameFields(infotextFields(infotext), expected)
      }),
    ),
    ...cases.cases.map(({ infotext, parsed, added_defaults: added }) =>
      metadataCase(JSON.stringify(infotext), () => {
        const found = Object.entries(infotextFields(parseInfotext(infotext))).filter(([label]) => !(label in added))
        const expected = Object.entries(parsed).map(([label, value]) => [label, String(value)])
        return Promise.resolve(sameFields(Object.fromEntries(found), Object.fromEntries(expected)))
      }),
    ),
  ]
}

function metadataCase(name: string, isSame: () => Promise<boolean>): ParityCase {
  return { name, run: async () => ({ error: (await isSame()) ? 0 : Infinity, tolerance: 0 }) }
}

function infotextFields({ prompt, negativePrompt, fields }: Infotext): Record<string, string> {
  return { Prompt: prompt, 'Negative prompt': negativePrompt, ...fields }
}

function comfyFields(text: string): unknown {
  const graph = readGraph(text)
  const picture = graph && comfyPicture(graph)
  if (!picture) return null
  const { loras: _loras, ...fields } = picture
  return fields
}

/** In any order. */
function sameFields(found: unknown, expected: unknown): boolean {
  return JSON.stringify(sorted(found)) === JSON.stringify(sorted(expected))
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  )
}
