import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Checkpoint } from '../checkpoint/open.ts'
import { folderTokenizer } from '../text/folder-tokenizer.ts'
import { clipTokenizer } from '../text/tokenizer.ts'
import type { Tokenizer } from '../text/tokenizer.ts'

/** A model's tokenizer: its folder's own, or CLIP's for files that carry none. */
export async function loadTokenizer(
  { tokenizer, textEncoder }: Pick<Checkpoint, 'tokenizer' | 'textEncoder'>,
  vocabulariesFolder: string,
): Promise<Tokenizer> {
  const { contextLength } = textEncoder.config
  if (tokenizer.kind === 'clip') {
    return clipTokenizer(await readFile(join(vocabulariesFolder, 'clip-merges.txt'), 'utf8'), { contextLength })
  }
  const { bosToken, eosToken, padToken, unknownToken } = tokenizer
  const vocabularyJson = await readFile(tokenizer.vocabularyPath, 'utf8')
  const mergesText = await readFile(tokenizer.mergesPath, 'utf8')
  return folderTokenizer({ vocabularyJson, mergesText, bosToken, eosToken, padToken, unknownToken }, contextLength)
}
