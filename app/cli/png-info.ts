import { readParameters } from '../../main/image/parameters.ts'
import { onlyWord, readArguments, type OptionSpec } from './arguments.ts'
import type { Surroundings } from './surroundings.ts'

export const PNG_INFO_OPTIONS = { json: { help: 'the texts as one JSON object' } } satisfies Record<string, OptionSpec>

/** `latent-studio png-info`: what a picture says about how it was made, whichever program made it. @throws UsageError, StudioError */
export async function pngInfo(args: readonly string[], { write, writeError }: Surroundings): Promise<number> {
  const found = readArguments('png-info', args, PNG_INFO_OPTIONS)
  const file = onlyWord(found, 'a picture file')
  const { texts } = await readParameters(file)
  if (found.has('json')) {
    write(`${JSON.stringify(texts, null, 2)}\n`)
    return 0
  }
  const entries = Object.entries(texts)
  if (entries.length === 0) writeError(`${file} carries no text.\n`)
  write(entries.map(([keyword, text]) => `${keyword}:\n${text}\n`).join('\n'))
  return 0
}
