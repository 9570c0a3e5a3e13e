import { join } from 'node:path'
import * as z from 'zod'
import type { TokenizerSource } from '../checkpoint.ts'
import { StudioError } from '../../contract/failure.ts'
import { isThere, readJsonIfThere } from '../json-file.ts'

/** A special token: its text, or an object that holds it. */
const Token = z.union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)], {
  error: 'expected a token or an object with its content',
})
const Fields = z.looseObject({
  bos_token: Token.nullish(),
  eos_token: Token.nullish(),
  pad_token: Token.nullish(),
  unk_token: Token.nullish(),
})

const START = '<|startoftext|>'
const END = '<|endoftext|>'

/** What transformers' tokenizers in one file hold; of CLIP's, all of it. */
const OneFile = z.looseObject({ model: z.looseObject({ vocab: z.record(z.string(), z.int()) }) })
/** Entries of CLIP's own vocabulary, of which the last ends a text. */
const CLIP_ENTRIES = 49408

/**
 * A CLIP tokenizer folder: vocab.json and merges.txt, or a tokenizer.json with CLIP's own vocabulary, and the special tokens
 * that tokenizer_config.json, else special_tokens_map.json, names; CLIP's own where neither does.
 * @throws StudioError checkpoint-unsupported
 */
export async function readTokenizerSource(folder: string): Promise<TokenizerSource> {
  const special = await readFields(join(folder, 'special_tokens_map.json'))
  const config = await readFields(join(folder, 'tokenizer_config.json'))
  const eosToken = config.eos_token ?? special.eos_token ?? END
  const padToken = config.pad_token ?? special.pad_token ?? eosToken
  const vocabularyPath = join(folder, 'vocab.json')
  const mergesPath = join(folder, 'merges.txt')
  for (const path of [vocabularyPath, mergesPath]) {
    if (await isThere(path)) continue
    if (await isClip(join(folder, 'tokenizer.json'))) return { kind: 'clip', padToken }
    throw new StudioError('checkpoint-unsupported', `${path}: expected a CLIP tokenizer's file, found none`)
  }
  return {
    kind: 'folder',
    vocabularyPath,
    mergesPath,
    bosToken: config.bos_token ?? special.bos_token ?? START,
    eosToken,
    padToken,
    unknownToken: config.unk_token ?? special.unk_token ?? eosToken,
  }
}

/** False where there is no such file. @throws StudioError checkpoint-unsupported for another vocabulary than CLIP's */
async function isClip(path: string): Promise<boolean> {
  const file = await readJsonIfThere(path, OneFile)
  if (file === null) return false
  const { vocab } = file.model
  const entries = Object.keys(vocab).length
  if (entries === CLIP_ENTRIES && vocab[END] === CLIP_ENTRIES - 1) return true
  throw new StudioError(
    'checkpoint-unsupported',
    `${path}: expected CLIP's ${CLIP_ENTRIES} entries, or a vocab.json and merges.txt beside it, found ${entries} entries`,
  )
}

async function readFields(path: string): Promise<z.infer<typeof Fields>> {
  return (await readJsonIfThere(path, Fields)) ?? {}
}
