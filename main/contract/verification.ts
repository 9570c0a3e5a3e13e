import * as z from 'zod'
import { ImageOrigin } from './image.ts'
import { Layer } from './record.ts'

/** A picture beside itself made again. */
export const Verification = z.object({
  /** The file has the same bytes. */
  isSameFile: z.boolean(),
  /** Each layer that the picture's record has, in order. */
  layers: z.array(z.object({ layer: Layer, isSame: z.boolean() })),
  /** Where the two part; null where no layer differs, or where the picture has no record. */
  firstDifference: Layer.nullable(),
  /** In steps of 255. */
  pixels: z.object({ largest: z.number().min(0), mean: z.number().min(0) }),
  /** What was at work when it was made, and now. */
  then: ImageOrigin,
  now: ImageOrigin,
})
export type Verification = z.infer<typeof Verification>

/** What people call what a picture goes through. */
export const LAYER_WORDS: Record<Layer, string> = {
  tokens: 'words as token ids',
  noise: 'first noise',
  schedule: 'levels and timesteps',
  firstStep: 'latent after the first step',
  lastStep: 'latent after the last step',
  pixels: 'pixels',
}

/** Whether the two are the same, and if not, where they part and by how much, in a sentence or two. */
export function verificationSentence({ isSameFile, firstDifference, pixels, layers }: Verification): string {
  if (isSameFile) return 'The same file, byte for byte.'
  const found = `The pixels differ by at most ${pixels.largest} of 255, by ${pixels.mean.toPrecision(2)} on average.`
  if (firstDifference !== null) return `The two part at the ${LAYER_WORDS[firstDifference]}. ${found}`
  if (pixels.largest > 0 && layers.length > 0)
    return `What made it is the same; the file’s pixels were changed. ${found}`
  return pixels.largest > 0 ? found : 'The same pixels, in another file.'
}

/** What was not as it is now, a sentence each. */
export function originDifferences({ then, now }: Pick<Verification, 'then' | 'now'>): string[] {
  const [before, after] = [originFacts(then), originFacts(now)]
  return Object.entries(before).flatMap(([name, value]) =>
    value === undefined || value === after[name]
      ? []
      : [`Made with ${name} ${value}, now ${after[name] ?? 'unknown'}.`],
  )
}

/** What was at work when a picture was made, by name; undefined of pictures made before it was kept. */
export function originFacts({ appVersion, runtime, record }: ImageOrigin): Record<string, string | undefined> {
  return {
    studio: appVersion,
    runtime,
    provider: record?.provider,
    processor: record?.processor,
    architecture: record?.architecture,
    threads: record && String(record.threads ?? 'as the runtime chooses'),
  }
}
