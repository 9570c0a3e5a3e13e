import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { openCheckpoint } from '../../main/checkpoint/open.ts'
import { readSafetensors, readTensor } from '../../main/checkpoint/safetensors.ts'
import { buildTextEncoder } from '../../main/network/text-encoder.ts'
import { loadNetwork } from '../../main/runtime/network.ts'
import type { Tensor } from '../../main/tensor/tensor.ts'
import { commaChunks } from '../../main/text/chunks.ts'
import { encodePrompt } from '../../main/text/conditioning.ts'
import type { EncodedText } from '../../main/text/conditioning.ts'
import { attentionFragments } from '../../main/text/prompt/attention.ts'
import { composedPrompts } from '../../main/text/prompt/composition.ts'
import { promptStages } from '../../main/text/prompt/schedule.ts'
import { clipTokenizer } from '../../main/text/tokenizer.ts'
import type { Tokenizer } from '../../main/text/tokenizer.ts'
import { largestDifference } from './case.ts'
import type { Outcome, ParityCase, ParityKind } from './case.ts'

const CLIP_MERGES = join(import.meta.dirname, '../../resources/vocabularies/clip-merges.txt')
const WEIGHT_TOLERANCE = 1e-12
const STATE_TOLERANCE = 1e-4

const Parsed = z.array(z.tuple([z.string(), z.number()]))
const Cases = z.object({
  parse_prompt_attention: z.array(
    z.union([
      z.object({ text: z.string(), parsed: Parsed }),
      // What the original cannot read is refused here too.
      z.object({ text: z.string(), error: z.string() }),
    ]),
  ),
  prompt_schedules: z.array(
    z.object({ text: z.string(), steps: z.int(), schedule: z.array(z.tuple([z.int(), z.string()])) }),
  ),
  AND_composition: z.array(
    z.object({
      text: z.string(),
      indexes_weights: z.array(z.tuple([z.int(), z.number()])),
      prompts: z.array(z.string()),
    }),
  ),
})
const Weighted = z.object({
  text_encoder: z.string(),
  prompts: z.array(
    z.object({
      text: z.string(),
      chunks: z.array(z.object({ tokens: z.array(z.int()), multipliers: z.array(z.number()) })),
    }),
  ),
})

/** How prompts are read, cut and weighted: a folder of AUTOMATIC1111's parses and of conditionings it made. */
export const promptCases: ParityKind = async (folder) => {
  const text = await readFile(join(folder, 'cases.json'), 'utf8').catch(() => null)
  const cases = Cases.safeParse(text === null ? null : JSON.parse(text))
  if (!cases.success) return null
  const { parse_prompt_attention, prompt_schedules, AND_composition } = cases.data
  return [
    ...parse_prompt_attention.map((known) =>
      parseCase(`attention ${JSON.stringify(known.text)}`, () => attentionError(known)),
    ),
    ...prompt_schedules.map((known) =>
      parseCase(`stages of ${known.steps} steps ${JSON.stringify(known.text)}`, () => {
        const found = promptStages(known.text, known.steps).map((stage) => [stage.until, stage.text])
        return same(found, known.schedule)
      }),
    ),
    ...AND_composition.map((known) =>
      parseCase(`AND ${JSON.stringify(known.text)}`, () => {
        const found = composedPrompts(known.text)
        const expected = known.indexes_weights.map(([i, weight]) => ({ text: known.prompts[i], weight }))
        return same(found, expected)
      }),
    ),
    ...(await weightedCases(folder)),
  ]
}

function parseCase(name: string, error: () => number): ParityCase {
  return { name, run: () => Promise.resolve({ error: error(), tolerance: WEIGHT_TOLERANCE }) }
}

function attentionError(known: z.infer<typeof Cases>['parse_prompt_attention'][number]): number {
  if ('error' in known) {
    try {
      attentionFragments(known.text)
      return Infinity
    } catch {
      return 0
    }
  }
  const found = attentionFragments(known.text)
  const texts = same(
    found.map((fragment) => fragment.text),
    known.parsed.map(([text]) => text),
  )
  const weights = largestDifference(
    found.map(({ weight }) => weight),
    known.parsed.map(([, weight]) => weight),
  )
  return Math.max(texts, weights)
}

function same(found: unknown, expected: unknown): number {
  return JSON.stringify(found) === JSON.stringify(expected) ? 0 : Infinity
}

async function weightedCases(folder: string): Promise<ParityCase[]> {
  const text = await readFile(join(folder, 'weighted_conditioning.json'), 'utf8').catch(() => null)
  if (text === null) return []
  const { text_encoder, prompts } = Weighted.parse(JSON.parse(text))
  const { entries } = await readSafetensors(join(folder, 'weighted_conditioning.safetensors'))
  const tokenizer = clipTokenizer(await readFile(CLIP_MERGES, 'utf8'))
  const model = join(folder, '..', text_encoder)
  return prompts.flatMap(({ text: prompt, chunks }, index): ParityCase[] => [
    parseCase(`chunks of prompt ${index}`, () => {
      const found = commaChunks(tokenizer, attentionFragments(prompt))
      const ids = same(
        found.map((chunk) => chunk.ids),
        chunks.map(({ tokens }) => tokens),
      )
      const weights = largestDifference(
        found.flatMap((chunk) => chunk.weights),
        chunks.flatMap(({ multipliers }) => multipliers),
      )
      return Math.max(ids, weights)
    }),
    ...[...entries.keys()]
      .filter((name) => name.startsWith(`prompt${index}.`))
      .map((name) => ({
        name,
        run: async (): Promise<Outcome> => {
          const entry = entries.get(name)
          if (!entry) throw new Error(`expected a tensor ${name}, found none`)
          const { data } = await readTensor(entry)
          const [, emphasis = '', skip = ''] = name.split('.')
          const clipSkip = Number(skip.replace('clip_skip', ''))
          const found = await conditioned(model, tokenizer, { prompt, emphasis, clipSkip })
          return { error: largestDifference(found.data, data), tolerance: STATE_TOLERANCE }
        },
      })),
  ])
}

async function conditioned(
  model: string,
  tokenizer: Tokenizer,
  { prompt, emphasis, clipSkip }: { prompt: string; emphasis: string; clipSkip: number },
): Promise<Tensor> {
  const { textEncoders } = await openCheckpoint(model)
  const network = await loadNetwork(buildTextEncoder(textEncoders[0], { clipSkip }))
  const encode = async (ids: readonly (readonly number[])[]): Promise<EncodedText> => {
    const data = BigInt64Array.from(ids.flat(), BigInt)
    const { context } = await network.run({ input_ids: { shape: [ids.length, tokenizer.contextLength], data } })
    if (!context) throw new Error('expected the output context, found none')
    return { states: context, pooled: null }
  }
  try {
    if (emphasis === 'Ignore') {
      return (await encode(commaChunks(tokenizer, attentionFragments(prompt)).map(({ ids }) => ids))).states
    }
    const style = emphasis === 'Original' ? 'a1111' : 'a1111-no-norm'
    return (await encodePrompt([{ tokenizer, encode }], prompt, style)).context
  } finally {
    await network.release()
  }
}
