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

/**
 * A CLIP tokenizer folder: vocab.json and merges.txt, and the special tokens that tokenizer_config.json, else
 * special_tokens_map.json, names; CLIP's own where neither does.
 * @throws StudioError checkpoint-unsupported
 */
export async function readTokenizerSource(folder: string): Promise<TokenizerSource> {
  const vocabularyPath = join(folder, 'vocab.json')
  const mergesPath = join(folder, 'merges.txt')
  for (const path of [vocabularyPath, mergesPath]) {
    if (!(await isThere(path)))
      throw new StudioError('checkpoint-unsupported', `${path}: expected a CLIP tokenizer's file, found none`)
  }
  const special = await readFields(join(folder, 'special_tokens_map.json'))
  const config = await readFields(join(folder, 'tokenizer_config.json'))
  const eosToken = config.eos_token ?? special.eos_token ?? END
  return {
    kind: 'folder',
    vocabularyPath,
    mergesPath,
    bosToken: config.bos_token ?? special.bos_token ?? START,
    eosToken,
    padToken: config.pad_token ?? special.pad_token ?? eosToken,
    unknownToken: config.unk_token ?? special.unk_token ?? eosToken,
  }
}

async function readFields(path: string): Promise<z.infer<typeof Fields>> {
  return (await readJsonIfThere(path, Fields)) ?? {}
}
