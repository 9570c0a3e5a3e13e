import type { GenerationTask } from '../contract/studio.ts'
import type { LoadedModel, OnRead } from './loaded-model.ts'
import { weightBytes } from './networks.ts'
import { pause } from './pause.ts'
import type { ProgressReport } from './progress-report.ts'
import { hasInput } from './start-latent.ts'

/** Opens what the run needs, telling how much of the weights has been read. */
export async function loadAll(
  model: LoadedModel,
  task: GenerationTask,
  progress: ProgressReport,
  signal: AbortSignal,
): Promise<void> {
  const { textEncoders, unet, autoencoder } = model.networks.weightBytes
  const parts = [
    ...textEncoders.map((sizeBytes, i) => ({
      sizeBytes,
      open: (onRead: OnRead) => model.openTextEncoder(i, onRead),
    })),
    {
      sizeBytes: unet,
      open: (onRead: OnRead) => model.unet(onRead),
    },
    ...(model.networks.guides?.controls ?? []).map((control) => ({
      sizeBytes: weightBytes(control.component),
      open: (onRead: OnRead) => model.openControl(control, onRead),
    })),
    { sizeBytes: autoencoder, open: (onRead: OnRead) => model.decoder(onRead) },
    ...(hasInput(model, task) ? [{ sizeBytes: autoencoder, open: (onRead: OnRead) => model.encoder(onRead) }] : []),
  ]
  const total = parts.reduce((sum, part) => sum + part.sizeBytes, 0)
  let read = 0
  for (const part of parts) {
    const before = read
    // Where networks are closed between stages, this one is read when its stage comes.
    await part.open((share) => {
      progress.tellReading(Math.min(1, (before + share * part.sizeBytes) / total))
    })
    read += part.sizeBytes
    progress.report('loading', { loaded: read / total })
    await pause(signal)
  }
}
