import * as z from 'zod'
import { GenerationRequest } from '../contract/generation.ts'
import { ImageOrigin } from '../contract/image.ts'
import { userComment } from './exif-comment.ts'
import { formatInfotext, parseInfotext } from './infotext.ts'
import type { Infotext } from './infotext.ts'
import { nameOf, openPicture, readBytes, unreadable } from './picture-source.ts'
import type { PictureSource } from './picture-source.ts'
import { isPng } from './png-chunks.ts'
import { pngTexts } from './png-text.ts'
import type { Texts } from './png-text.ts'
import { SAMPLER_LABELS, SCHEDULE_LABELS } from './recipes/a1111.ts'

/** The keyword that AUTOMATIC1111 and what reads its pictures look for. */
const INFOTEXT_KEYWORD = 'parameters'
const STUDIO_KEYWORD = 'latent-studio'
const USER_COMMENT_KEYWORD = 'UserComment'

/** All that made a picture, as the studio embeds it: enough to make it again. */
export const StudioParameters = z.object({
  version: z.literal(1),
  request: GenerationRequest,
  origin: ImageOrigin,
})
export type StudioParameters = z.infer<typeof StudioParameters>

/** What a picture says about its making; null where it says nothing in that form. */
export interface PictureParameters {
  readonly studio: StudioParameters | null
  readonly infotext: Infotext | null
  /** All texts of the file, as they are. */
  readonly texts: Texts
}

/**
 * The parameters in AUTOMATIC1111's form, for people and other programs. LoRAs, which it writes into the prompt by the names
 * of its own files, and other parts that join the model are in the studio's text alone.
 */
export function formatParameters(request: GenerationRequest, origin: ImageOrigin): string {
  return formatInfotext({
    prompt: request.prompt,
    negativePrompt: request.negativePrompt,
    fields: {
      Steps: String(request.steps),
      Sampler: SAMPLER_LABELS[request.sampler],
      'Schedule type': SCHEDULE_LABELS[request.schedule],
      'CFG scale': String(request.guidanceScale),
      Seed: String(request.seed),
      Size: `${request.widthPx}x${request.heightPx}`,
      Model: origin.modelName,
      ...(request.init ? { 'Denoising strength': String(request.init.strength) } : {}),
      ...(request.clipSkip !== undefined && request.clipSkip > 1 ? { 'Clip skip': String(request.clipSkip) } : {}),
      Version: `Latent Studio ${origin.appVersion}`,
    },
  })
}

/** The texts that the studio embeds in a picture: the parameters for everyone, and for itself, without loss. */
export function parameterTexts(request: GenerationRequest, origin: ImageOrigin): Texts {
  const parameters: StudioParameters = { version: 1, request, origin }
  return { [INFOTEXT_KEYWORD]: formatParameters(request, origin), [STUDIO_KEYWORD]: asciiJson(parameters) }
}

/**
 * What a picture says about its making: a PNG in its text chunks, other formats in the EXIF comment.
 * @throws StudioError not-found, invalid-request for a file that is no picture or damaged
 */
export async function readParameters(source: PictureSource): Promise<PictureParameters> {
  const bytes = await readBytes(source)
  const texts = isPng(bytes) ? pngTexts(bytes, nameOf(source)) : await exifTexts(source, bytes)
  const text = texts[INFOTEXT_KEYWORD] ?? texts[USER_COMMENT_KEYWORD]
  return {
    studio: parseStudio(texts[STUDIO_KEYWORD]),
    infotext: text === undefined ? null : parseInfotext(text),
    texts,
  }
}

async function exifTexts(source: PictureSource, bytes: Uint8Array): Promise<Texts> {
  const { exif } = await openPicture(bytes)
    .metadata()
    .catch((cause: unknown) => {
      throw unreadable(source, cause)
    })
  const comment = exif ? userComment(exif) : null
  return comment === null ? {} : { [USER_COMMENT_KEYWORD]: comment }
}

/** Null for a text of another version or that does not hold what it should: the raw text is in `texts` all the same. */
function parseStudio(text: string | undefined): StudioParameters | null {
  if (text === undefined) return null
  try {
    return StudioParameters.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}

/** JSON in ASCII, which every reader of tEXt chunks reads alike. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\x7f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
