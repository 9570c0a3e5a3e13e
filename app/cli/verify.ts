import { resolve } from 'node:path'
import {
  LAYER_WORDS,
  originDifferences,
  verificationSentence,
  type Verification,
} from '../../main/contract/verification.ts'
import { inputPath } from '../../main/gallery/inputs.ts'
import { openModels } from '../parts.ts'
import { verifyPicture } from '../verify.ts'
import { onlyWord, readArguments, type OptionSpec } from './arguments.ts'
import type { Surroundings } from './surroundings.ts'
import { columns } from './text.ts'

export const VERIFY_OPTIONS = { json: { help: 'the findings as one JSON object' } } satisfies Record<string, OptionSpec>

/**
 * `latent-studio verify`: makes a picture again and says whether it is the same, and if not, where the two part. 0 when the
 * pixels are the same, 1 when they are not. @throws UsageError, StudioError
 */
export async function verify(args: readonly string[], around: Surroundings): Promise<number> {
  const found = readArguments('verify', args, VERIFY_OPTIONS)
  const file = resolve(onlyWord(found, 'a picture file'))
  const models = openModels(around)
  try {
    const verification = await verifyPicture(file, models, {
      inputPath: (id) => inputPath({ inputs: around.paths.inputs }, id),
      listeners: { signal: around.signal, onProgress: () => undefined, onPreview: () => undefined },
    })
    around.write(found.has('json') ? `${JSON.stringify(verification, null, 2)}\n` : told(verification))
    return verification.pixels.largest === 0 ? 0 : 1
  } finally {
    await models.close()
  }
}

function told(verification: Verification): string {
  const table = columns(
    verification.layers.map(({ layer, isSame }) => [LAYER_WORDS[layer], isSame ? 'the same' : 'differs']),
  )
  const sentences = [verificationSentence(verification), ...originDifferences(verification)]
  return `${table}${sentences.join('\n')}\n`
}
