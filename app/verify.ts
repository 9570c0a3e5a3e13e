import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StudioError } from '../main/contract/failure.ts'
import type { InputId } from '../main/contract/generation.ts'
import type { ImageOrigin } from '../main/contract/image.ts'
import { LAYERS } from '../main/contract/record.ts'
import type { Settings } from '../main/contract/settings.ts'
import type { Verification } from '../main/contract/verification.ts'
import { pictureDifference } from '../main/image/difference.ts'
import { readParameters } from '../main/image/parameters.ts'
import { filesOf, runSettings } from './make-picture.ts'
import type { ModelParts } from './parts.ts'
import type { RunListeners } from './studio-host.ts'

/**
 * Makes the picture of a file again, in a folder of its own, and compares the two layer by layer.
 * @param inputPath where an input picture of the request lies
 * @throws StudioError invalid-request for a file that does not say how it was made, model-missing, not-found, cancelled
 */
export async function verifyPicture(
  file: string,
  { host, library, settings, firstScan }: Pick<ModelParts, 'host' | 'library' | 'settings' | 'firstScan'>,
  { inputPath, listeners }: { readonly inputPath: (id: InputId) => string; readonly listeners: RunListeners },
): Promise<Verification> {
  const { studio } = await readParameters(file)
  if (!studio) {
    const expected = `${file}: expected a picture that says how this studio made it`
    throw new StudioError('invalid-request', `${expected}, found one that does not`)
  }
  await firstScan
  const stagingFolder = await mkdtemp(join(tmpdir(), 'latent-studio-verify-'))
  try {
    const { request, origin: then } = studio
    const task = {
      jobId: randomUUID(),
      request,
      ...filesOf(request, library, inputPath),
      stagingFolder,
      ...runSettings({ ...settings.current, ...asThen(then), showPreviews: false }),
    }
    const { pictureName, origin: now } = await host.run(task, listeners)
    const again = join(stagingFolder, pictureName)
    const layers = comparedLayers(then, now)
    return {
      isSameFile: (await readFile(file)).equals(await readFile(again)),
      layers,
      firstDifference: layers.find(({ isSame }) => !isSame)?.layer ?? null,
      pixels: await pictureDifference(file, again),
      then,
      now,
    }
  } finally {
    await rm(stagingFolder, { recursive: true, force: true })
  }
}

/** Memory is gone about as it was then, which decides the last bits. */
function asThen({ memory, record }: ImageOrigin): Partial<Settings> {
  return {
    ...(memory === undefined ? {} : { memoryUse: memory.use }),
    ...(record === undefined ? {} : { threads: record.threads }),
  }
}

function comparedLayers(then: ImageOrigin, now: ImageOrigin): Verification['layers'] {
  return LAYERS.flatMap((layer) => {
    const [before, after] = [then.record?.layers[layer], now.record?.layers[layer]]
    return before === undefined ? [] : [{ layer, isSame: before === after }]
  })
}
