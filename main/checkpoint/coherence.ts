import type { Checkpoint } from './checkpoint.ts'
import type { UnetConfig } from './config.ts'

/** Entries of CLIP's own vocabulary. */
const CLIP_VOCABULARY = 49408

type Networks = Pick<Checkpoint, 'unet' | 'autoencoder' | 'textEncoder' | 'tokenizer'>

/** Sentences, expected and found, about networks that do not fit each other or themselves; none for a sound model. */
export function incoherences(networks: Networks): string[] {
  const { unet, autoencoder } = networks
  return [
    ...misfits(networks),
    ...unevenGroups('U-Net', unet.config),
    ...unevenGroups('autoencoder', autoencoder.config),
    ...unevenHeads(unet.config),
    ...textEncoderFaults(networks),
  ]
}

/** Where one network's output is not what another takes in. */
function misfits({ unet, autoencoder, textEncoder }: Networks): string[] {
  const { inChannels, outChannels, crossAttentionDim } = unet.config
  const { latentChannels } = autoencoder.config
  const { hiddenSize } = textEncoder.config
  const inputs =
    inChannels > latentChannels ? `${inChannels} (an inpainting or editing model, which is not run yet)` : inChannels
  return [
    ...(inChannels === latentChannels
      ? []
      : [`the U-Net's input channels: expected ${latentChannels}, as the latent has, found ${inputs}`]),
    ...(outChannels === latentChannels
      ? []
      : [`the U-Net's output channels: expected ${latentChannels}, as the latent has, found ${outChannels}`]),
    ...(crossAttentionDim === hiddenSize
      ? []
      : [
          `the U-Net's cross-attention width: expected ${hiddenSize}, as the text encoder has, found ${crossAttentionDim}`,
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

function textEncoderFaults({ textEncoder, tokenizer }: Networks): string[] {
  const { hiddenSize, headCount, contextLength, vocabularySize } = textEncoder.config
  const isVocabularySmall = tokenizer.kind === 'clip' && vocabularySize < CLIP_VOCABULARY
  return [
    ...(isMultiple(hiddenSize, headCount)
      ? []
      : [`the text encoder's heads: expected a number that divides its width ${hiddenSize}, found ${headCount}`]),
    ...(contextLength > 2
      ? []
      : [`the text encoder's context: expected room for a token between start and end, found ${contextLength}`]),
    ...(isVocabularySmall
      ? [`the text encoder's vocabulary: expected CLIP's ${CLIP_VOCABULARY} entries, found ${vocabularySize}`]
      : []),
  ]
}

function isMultiple(value: number, divisor: number): boolean {
  return Number.isInteger(divisor) && divisor >= 1 && value % divisor === 0
}
