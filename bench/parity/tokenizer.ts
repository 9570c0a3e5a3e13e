import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import { readTokenizerSource } from '../../main/checkpoint/diffusers/tokenizer.ts'
import { readIntegers, readSafetensors } from '../../main/checkpoint/safetensors.ts'
import { fullChunks } from '../../main/text/chunks.ts'
import { cleanLikeBert, cleanLikeTransformers } from '../../main/text/cleaning.ts'
import { folderTokenizer } from '../../main/text/folder-tokenizer.ts'
import { clipTokenizer } from '../../main/text/tokenizer.ts'
import type { Tokenizer } from '../../main/text/tokenizer.ts'
import { largestDifference } from './case.ts'
import type { Outcome, ParityCase, ParityKind } from './case.ts'

const CLIP_MERGES = new URL('../../resources/vocabularies/clip-merges.txt', import.meta.url)
const SHOWN_CHARACTERS = 48

const Ids = z.array(z.int())
const SameOrIds = z.union([z.literal('same'), Ids])

/** A prompt and what the originals make of it; the `_77` forms are whole sequences, truncated and padded. */
const Reference = z.object({
  text: z.string(),
  openai: Ids,
  transformers_slow_with_ftfy: SameOrIds.optional(),
  transformers_slow_without_ftfy: SameOrIds.optional(),
  openai_77_truncated: Ids.optional(),
  transformers_77: Ids.optional(),
})
type Reference = z.infer<typeof Reference>
const ReferenceFile = z.object({ cases: z.array(Reference).min(1) })

/** A model's folder that tells which prompts its text encoder's `input_ids` come from; the family has CLIP's text encoder. */
const ModelManifest = z.object({
  prompts_for_input_ids: z.array(z.string()),
  config: z.object({ clip: z.object({ hidden_size: z.int() }) }),
})

/** Prompts to token ids, exactly: a list of prompts with the ids of the originals, or a model with the input of its text encoder. */
export const tokenizerCases: ParityKind = async (folder) => {
  const references = ReferenceFile.safeParse(await readJson(join(folder, 'cases.json')))
  if (references.success) {
    const ownMerges = await readFile(join(folder, 'merges.txt'), 'utf8').catch(() => undefined)
    return promptCases(references.data.cases, ownMerges ?? (await readFile(CLIP_MERGES, 'utf8')))
  }
  const manifest = ModelManifest.safeParse(await readJson(join(folder, 'manifest.json')))
  return manifest.success ? [await inputCase(folder, manifest.data.prompts_for_input_ids)] : null
}

function promptCases(references: readonly Reference[], merges: string): ParityCase[] {
  const clip = clipTokenizer(merges)
  const transformers = clipTokenizer(merges, { clean: cleanLikeTransformers })
  const bert = clipTokenizer(merges, { clean: cleanLikeBert })
  const run = (reference: Reference): Outcome => {
    const { text, openai } = reference
    return judge(text, [
      [openai, clip.encode(text).ids],
      [orSame(reference.transformers_slow_with_ftfy, openai), transformers.encode(text).ids],
      [orSame(reference.transformers_slow_without_ftfy, openai), bert.encode(text).ids],
      [reference.openai_77_truncated, truncated(clip, text)],
      [reference.transformers_77, truncated(transformers, text)],
    ])
  }
  return references.map((reference) => ({ name: shown(reference.text), run: () => Promise.resolve(run(reference)) }))
}

function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text)
}

/** The error is the number of references that differ. */
function judge(text: string, pairs: readonly (readonly (readonly number[] | undefined)[])[]): Outcome {
  const error = pairs.filter(([expected, found]) => expected && !isDeepStrictEqual(found, expected)).length
  if (error > 0 && isWronglyDecoded(text)) return { skipped: "needs ftfy's repair of wrongly decoded text" }
  return { error, tolerance: 0 }
}

function orSame(
  expected: z.infer<typeof SameOrIds> | undefined,
  same: readonly number[],
): readonly number[] | undefined {
  return expected === 'same' ? same : expected
}

function truncated(tokenizer: Tokenizer, text: string): readonly number[] {
  return fullChunks(tokenizer, [{ text, weight: 1, start: 0 }])[0]?.ids ?? []
}

/** The prompts of a model's manifest against the ids that its text encoder was given: one sequence each, cut to length. */
async function inputCase(folder: string, prompts: readonly string[]): Promise<ParityCase> {
  const isDiffusers = (await readJson(join(folder, 'model_index.json'))) !== undefined
  const file = join(folder, ...(isDiffusers ? ['reference'] : []), 'text_encoder.safetensors')
  const run = async (): Promise<Outcome> => {
    const entry = (await readSafetensors(file)).entries.get('input_ids')
    if (!entry) throw new Error(`${file}: expected a tensor input_ids, found none`)
    const contextLength = entry.shape[1] ?? 0
    const tokenizer = isDiffusers
      ? await readFolderTokenizer(join(folder, 'tokenizer'), contextLength)
      : clipTokenizer(await readFile(CLIP_MERGES, 'utf8'), { contextLength })
    const found = prompts.flatMap((prompt) => truncated(tokenizer, prompt))
    return { error: largestDifference(found, await readIntegers(entry)), tolerance: 0 }
  }
  return { name: 'token ids of the text encoder', run }
}

async function readFolderTokenizer(folder: string, contextLength: number): Promise<Tokenizer> {
  const source = await readTokenizerSource(folder)
  if (source.kind === 'clip') throw new Error(`${folder}: expected a vocabulary, found none`)
  const vocabularyJson = await readFile(source.vocabularyPath, 'utf8')
  const mergesText = await readFile(source.mergesPath, 'utf8')
  return folderTokenizer({ ...source, vocabularyJson, mergesText }, contextLength)
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  return text === undefined ? undefined : JSON.parse(text)
}

/** Bytes that only a UTF-8 character of more than one byte has, as Latin-1 characters. */
const UTF8_SEQUENCE = /[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}/
const MISREADINGS = [
  'windows-1252',
  'windows-1251',
  'windows-1250',
  'windows-1253',
  'windows-1254',
  'windows-1257',
  'macintosh',
]

/** Whether part of the text looks like UTF-8 that was read in an encoding of one byte a character. */
function isWronglyDecoded(text: string): boolean {
  return MISREADINGS.some((encoding) => {
    const characters = new TextDecoder(encoding).decode(Uint8Array.from({ length: 128 }, (_, i) => 128 + i))
    const asBytes = text.replace(/[^\0-\x7f]/gu, (character) => {
      const index = characters.indexOf(character)
      return index < 0 ? ' ' : String.fromCharCode(128 + index)
    })
    return UTF8_SEQUENCE.test(asBytes)
  })
}
