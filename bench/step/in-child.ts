import { buildUnet } from '../../main/network/unet.ts'
import { loadNetwork } from '../../main/runtime/network.ts'
import { Studio } from '../../main/studio/studio.ts'
import { alternate, timed } from '../alternate.ts'
import { starterPass } from '../gemm/gemm.ts'
import { openUnet, unetFeeds } from '../gemm/in-child.ts'
import { starterFolder, starterRequest, starterTask, vocabulariesFolder } from '../starter-task.ts'
import { inTemporaryFolder } from '../temporary-folder.ts'
import { besideBusyProgram } from './busy-program.ts'

export interface StepInput {
  readonly repeats: number
  readonly threads: number | null
}

/** Milliseconds a step, one sample a picture. */
export type StepTimes = Record<'unetAlone' | 'oneBatch' | 'twoPasses' | 'previews' | 'besideBusy', number[]>

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
      besideBusy: () => besideBusyProgram(() => stepMs({ batchGuidance: true, showPreviews: false })),
    })
    await studio.release()
    return samples
  })
}

/** Milliseconds of one pass of a guided batch, the mean of as many as a picture has. */
async function unetPass(threads: number | null, passes: number): Promise<() => Promise<number>> {
  const component = await openUnet(starterFolder)
  const unet = await loadNetwork(buildUnet(component), { threads })
  const feeds = unetFeeds(component.config, await starterPass())
  return async () => {
    const whole = await timed(async () => {
      for (let pass = 0; pass < passes; pass++) await unet.run(feeds)
    })
    return whole / passes
  }
}
