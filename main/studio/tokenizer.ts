import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TokenizerSource } from '../checkpoint/checkpoint.ts'
import type { ClipTextConfig } from '../checkpoint/config.ts'
import { folderTokenizer } from '../text/folder-tokenizer.ts'
import { clipTokenizer } from '../text/tokenizer.ts'
import type { Tokenizer } from '../text/tokenizer.ts'

interface TextEncoderSource {
  readonly tokenizer: TokenizerSource
  readonly config: Pick<ClipTextConfig, 'contextLength'>
}

/** A text encoder's tokenizer: its folder's own, or CLIP's for files that carry none. */
export async function loadTokenizer(
  { tokenizer, config }: TextEncoderSource,
  vocabulariesFolder: string,
): Promise<Tokenizer> {
  const { contextLength } = config
  if (tokenizer.kind === 'clip') {
    const { padToken } = tokenizer
    const mergesText = await readFile(join(vocabulariesFolder, 'clip-merges.txt'), 'utf8')
    return clipTokenizer(mergesText, { contextLength, ...(padToken === undefined ? {} : { pad: padToken }) })
  }
  const { bosToken, eosToken, padToken, unknownToken } = tokenizer
  const vocabularyJson = await readFile(tokenizer.vocabularyPath, 'utf8')
  const mergesText = await readFile(tokenizer.mergesPath, 'utf8')
  return folderTokenizer({ vocabularyJson, mergesText, bosToken, eosToken, padToken, unknownToken }, contextLength)
}
