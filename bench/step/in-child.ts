import { Studio } from '../../main/studio/studio.ts'
import { LoadedModel } from '../../main/studio/loaded-model.ts'
import { gaussianNoise } from '../../main/tensor/noise.ts'
import { concatBatch } from '../../main/tensor/batch.ts'
import { encodePair } from '../../main/text/conditioning.ts'
import { alternate, timed } from '../alternate.ts'
import { PROMPT, starterFolder, starterRequest, starterTask, vocabulariesFolder } from '../starter.ts'
import { inTemporaryFolder } from '../temporary-folder.ts'

export interface StepInput {
  readonly repeats: number
  readonly threads: number | null
}

/** Milliseconds a step, one sample a picture. */
export type StepTimes = Record<'unetAlone' | 'oneBatch' | 'twoPasses' | 'previews', number[]>

interface StepSettings {
  readonly batchGuidance: boolean
  readonly showPreviews: boolean
}

/** Pictures of the built-in model one after the other, and passes of its U-Net alone between them. */
export async function timeSteps({ repeats, threads }: StepInput): Promise<StepTimes> {
  const request = await starterRequest()
  const studio = new Studio({ vocabulariesFolder, appVersion: '0' })
  return inTemporaryFolder(async (stagingFolder) => {
    const stepMs = async (settings: StepSettings): Promise<number> => {
      const ends: number[] = []
      await studio.generate(
        { ...starterTask(request, { stagingFolder, threads }), ...settings },
        {
          signal: new AbortController().signal,
          onProgress: ({ stage, step }) => {
            if (stage === 'denoising' && step > 0) ends.push(performance.now())
          },
          onPreview: () => undefined,
          logger: console,
        },
      )
      // From the first step's end, so that whatever is made ready in it stays out.
      return ((ends.at(-1) ?? NaN) - (ends[0] ?? NaN)) / (ends.length - 1)
    }
    const samples = await alternate(repeats, {
      unetAlone: await unetPass(threads, request.steps),
      oneBatch: () => stepMs({ batchGuidance: true, showPreviews: false }),
      twoPasses: () => stepMs({ batchGuidance: false, showPreviews: false }),
      previews: () => stepMs({ batchGuidance: true, showPreviews: true }),
    })
    await studio.release()
    return samples
  })
}

/** Milliseconds of one pass of a guided batch, the mean of as many as a picture has. */
async function unetPass(threads: number | null, passes: number): Promise<() => Promise<number>> {
  const model = await LoadedModel.open(starterFolder, { threads, vocabulariesFolder })
  const { widthPx, heightPx } = await starterRequest()
  const [height, width] = [heightPx / model.latentFactor, widthPx / model.latentFactor]
  const unet = await model.unet()
  const { conditioning, unconditional } = await encodePair(model.tokenizer, await model.textEncoder(), PROMPT, '')
  const context = concatBatch(unconditional, conditioning)
  const latent = gaussianNoise(1, 0, [2, model.checkpoint.unet.config.inChannels, height, width])
  return async () => {
    const whole = await timed(async () => {
      for (let pass = 0; pass < passes; pass++) await unet(latent, [500, 500], context)
    })
    return whole / passes
  }
}
