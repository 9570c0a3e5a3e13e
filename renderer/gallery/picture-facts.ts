import type { ImageRecord } from '../../main/contract/image.ts'
import { predictionNames } from '../option-names.ts'
import { optionFacts } from './option-facts.ts'
import { partFacts, type NameOf } from './part-facts.ts'
import { familyName } from '../part-names.ts'
import { durationText, fitNames, samplerNames, scheduleNames, sizeText } from '../names.ts'

interface Fact {
  readonly name: string
  readonly value: string
  /** What the clipboard gets. */
  readonly copied: string
}

/** What a picture was made with and what came of it, in the order of reading; its words are not among them. `nameOf` a part or model says if it is gone. */
export function pictureFacts(picture: ImageRecord, nameOf: NameOf): readonly Fact[] {
  const { request, origin } = picture
  const shape = `${picture.widthPx} × ${picture.heightPx}`
  const size = sizeText(picture.sizeBytes).replace(' ', '\u00a0')
  const made = new Date(picture.createdAt).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })
  return [
    fact('Model', `${origin.modelName} · ${familyName(origin.family)}`, origin.modelName),
    fact('Seed', String(request.seed)),
    fact('Steps', String(request.steps)),
    fact('Guidance', String(request.guidanceScale)),
    fact('Sampler', samplerNames[request.sampler].label),
    fact('Schedule', scheduleNames[request.schedule].label),
    fact('Size', `${shape} · ${size}`, shape),
    ...(request.init
      ? [
          fact('Strength', String(request.init.strength)),
          fact('Fit', fitNames[request.init.fit]),
          fact('Start picture', '', request.init.id),
        ]
      : []),
    ...optionFacts(picture),
    ...partFacts(picture, nameOf),
    fact('Prediction', predictionNames[origin.predictionType].label),
    fact('Made', made, new Date(picture.createdAt).toISOString()),
    ...(picture.durationMs === null ? [] : [fact('Took', durationText(picture.durationMs / 1000))]),
    fact('File', picture.fileName),
  ]
}

function fact(name: string, value: string, copied = value): Fact {
  return { name, value, copied }
}
