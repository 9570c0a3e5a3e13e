import type { Checkpoint, TextEncoderPart } from './checkpoint.ts'
import type { UnetConfig } from './config.ts'
import { textEncoderLabel } from './draft.ts'
import { modelInput } from './input.ts'

/** Entries of CLIP's own vocabulary. */
const CLIP_VOCABULARY = 49408
/** Original height and width, crop's top and left, target height and width; in place of the last two, a refiner is told a score. */
const SIZE_NUMBERS = 6
const SCORE_NUMBERS = 5

type Networks = Pick<Checkpoint, 'unet' | 'autoencoder' | 'textEncoders'>

/** Sentences, expected and found, about networks that do not fit each other or themselves; none for a sound model. */
export function incoherences(networks: Networks): string[] {
  const { unet, autoencoder } = networks
  return [
    ...misfits(networks),
    ...unevenGroups('U-Net', unet.config),
    ...unevenGroups('autoencoder', autoencoder.config),
    ...unevenHeads(unet.config),
    ...networks.textEncoders.flatMap((part, place) => textEncoderFaults(part, textEncoderLabel(place))),
    ...vectorFaults(networks),
  ]
}

/** Where one network's output is not what another takes in. */
function misfits({ unet, autoencoder, textEncoders }: Networks): string[] {
  const { inChannels, outChannels, crossAttentionDim } = unet.config
  const { latentChannels } = autoencoder.config
  const contextSize = textEncoders.reduce((sum, { config }) => sum + config.hiddenSize, 0)
  return [
    ...(modelInput(inChannels, latentChannels) === null
      ? [
          `the U-Net's input channels: expected ${latentChannels}, as the latent has, ${2 * latentChannels} with a picture to edit or ${2 * latentChannels + 1} with one to repaint, found ${inChannels}`,
        ]
      : []),
    ...(outChannels === latentChannels
      ? []
      : [`the U-Net's output channels: expected ${latentChannels}, as the latent has, found ${outChannels}`]),
    ...(crossAttentionDim === contextSize
      ? []
      : [
          `the U-Net's cross-attention width: expected ${contextSize}, as the text ${textEncoders.length > 1 ? 'encoders have together' : 'encoder has'}, found ${crossAttentionDim}`,
        ]),
  ]
}

function unevenGroups(label: string, config: { blockChannels: readonly number[]; normGroups: number }): string[] {
  return config.blockChannels
    .filter((channels) => !isMultiple(channels, config.normGroups))
    .map(
      (channels) =>
        `the ${label}'s channels: expected a multiple of its ${config.normGroups} norm groups, found ${channels}`,
    )
}

function unevenHeads({ blockChannels, headCount, ...depths }: UnetConfig): string[] {
  return blockChannels.flatMap((channels, level) => {
    const isLast = level === blockChannels.length - 1
    const atLevel = (depths.downTransformerDepth[level] ?? 0) + (depths.upTransformerDepth[level] ?? 0)
    const depth = atLevel + (isLast ? depths.middleTransformerDepth : 0)
    const heads = headCount[level] ?? 0
    if (depth === 0 || isMultiple(channels, heads)) return []
    return [`the U-Net's heads of level ${level}: expected a number that divides ${channels} channels, found ${heads}`]
  })
}

/** Where the vector beside the time embedding cannot be made of a pooled vector and the numbers of the picture's sizes. */
function vectorFaults({ unet, textEncoders }: Networks): string[] {
  const { vector } = unet.config
  if (vector === null) return []
  const pooled = textEncoders.at(-1)?.config.projection?.size ?? 0
  const expected = pooled + SIZE_NUMBERS * vector.numberWidth
  const withScore = pooled + SCORE_NUMBERS * vector.numberWidth
  if (pooled > 0 && (vector.size === expected || vector.size === withScore)) return []
  return [
    `the U-Net's added vector: expected ${expected}, a pooled vector of ${pooled} and ${SIZE_NUMBERS} numbers of ${vector.numberWidth}, found ${vector.size}`,
  ]
}

function textEncoderFaults({ config, tokenizer }: TextEncoderPart, label: string): string[] {
  const { hiddenSize, headCount, contextLength, vocabularySize } = config
  const isVocabularySmall = tokenizer.kind === 'clip' && vocabularySize < CLIP_VOCABULARY
  return [
    ...(isMultiple(hiddenSize, headCount)
      ? []
      : [`the ${label}'s heads: expected a number that divides its width ${hiddenSize}, found ${headCount}`]),
    ...(contextLength > 2
      ? []
      : [`the ${label}'s context: expected room for a token between start and end, found ${contextLength}`]),
    ...(isVocabularySmall
      ? [`the ${label}'s vocabulary: expected CLIP's ${CLIP_VOCABULARY} entries, found ${vocabularySize}`]
      : []),
  ]
}

function isMultiple(value: number, divisor: number): boolean {
  return Number.isInteger(divisor) && divisor >= 1 && value % divisor === 0
}
