import { resolve } from 'node:path'
import type { ImageOrigin } from '../../main/contract/image.ts'
import type { Layer } from '../../main/contract/record.ts'
import { inputPath } from '../../main/gallery/inputs.ts'
import { openModels } from '../parts.ts'
import { verifyPicture, type Verification } from '../verify.ts'
import { onlyWord, readArguments, type OptionSpec } from './arguments.ts'
import type { Surroundings } from './surroundings.ts'
import { columns } from './text.ts'

export const VERIFY_OPTIONS = { json: { help: 'the findings as one JSON object' } } satisfies Record<string, OptionSpec>

const LAYER_WORDS: Record<Layer, string> = {
  tokens: 'words as token ids',
  noise: 'first noise',
  schedule: 'levels and timesteps',
  firstStep: 'latent after the first step',
  lastStep: 'latent after the last step',
  pixels: 'pixels',
}

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
  const { layers, then, now } = verification
  const table = columns(layers.map(({ layer, isSame }) => [LAYER_WORDS[layer], isSame ? 'the same' : 'differs']))
  return `${table}${conclusion(verification)}\n${differences(then, now).join('')}`
}

function conclusion({ isSameFile, firstDifference, pixels, layers }: Verification): string {
  if (isSameFile) return 'The same file, byte for byte.'
  const found = `The pixels differ by at most ${pixels.largest} of 255, by ${pixels.mean.toPrecision(2)} on average.`
  if (firstDifference !== null) return `The two part at the ${LAYER_WORDS[firstDifference]}. ${found}`
  if (pixels.largest > 0 && layers.length > 0)
    return `What made it is the same; the file’s pixels were changed. ${found}`
  return pixels.largest > 0 ? found : 'The same pixels, in another file.'
}

/** What was not as it is now, a line each. */
function differences(then: ImageOrigin, now: ImageOrigin): string[] {
  const facts = (origin: ImageOrigin): Record<string, string | undefined> => ({
    studio: origin.appVersion,
    runtime: origin.runtime,
    provider: origin.record?.provider,
    processor: origin.record?.processor,
    architecture: origin.record?.architecture,
    threads: origin.record && String(origin.record.threads ?? 'as the runtime chooses'),
  })
  const [before, after] = [facts(then), facts(now)]
  return Object.entries(before).flatMap(([name, value]) =>
    value === undefined || value === after[name]
      ? []
      : [`Made with ${name} ${value}, now ${after[name] ?? 'unknown'}.\n`],
  )
}
