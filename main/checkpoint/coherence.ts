import type { Checkpoint } from './checkpoint.ts'

/** Entries of CLIP's own vocabulary. */
const CLIP_VOCABULARY = 49408

/** Sentences, expected and found, about networks that do not fit each other or themselves; none for a sound model. */
export function incoherences(checkpoint: Checkpoint): string[] {
  const { unet, autoencoder, textEncoder, tokenizer } = checkpoint
  const { latentChannels } = autoencoder.config
  const { hiddenSize, headCount, vocabularySize, contextLength } = textEncoder.config
  const sentences: string[] = []
  const expect = (what: string, expected: number | string, found: number | string, isFine: boolean) => {
    if (!isFine) sentences.push(`${what}: expected ${expected}, found ${found}`)
  }

  const { inChannels, outChannels, crossAttentionDim } = unet.config
  const inputs =
    inChannels > latentChannels ? `${inChannels} (an inpainting or editing model, which is not run yet)` : inChannels
  expect("the U-Net's input channels", `${latentChannels}, as the latent has`, inputs, inChannels === latentChannels)
  expect(
    "the U-Net's output channels",
    `${latentChannels}, as the latent has`,
    outChannels,
    outChannels === latentChannels,
  )
  expect(
    "the U-Net's cross-attention width",
    `${hiddenSize}, as the text encoder has`,
    crossAttentionDim,
    crossAttentionDim === hiddenSize,
  )

  for (const [label, { blockChannels, normGroups }] of [
    ['U-Net', unet.config],
    ['autoencoder', autoencoder.config],
  ] as const) {
    for (const channels of blockChannels) {
      expect(
        `the ${label}'s channels`,
        `a multiple of its ${normGroups} norm groups`,
        channels,
        channels % normGroups === 0,
      )
    }
  }
  const { blockChannels, downTransformerDepth, upTransformerDepth, middleTransformerDepth } = unet.config
  for (const [level, channels] of blockChannels.entries()) {
    const isLast = level === blockChannels.length - 1
    const depth =
      (downTransformerDepth[level] ?? 0) + (upTransformerDepth[level] ?? 0) + (isLast ? middleTransformerDepth : 0)
    const heads = unet.config.headCount[level] ?? 0
    expect(
      `the U-Net's heads of level ${level}`,
      `a number that divides ${channels} channels`,
      heads,
      depth === 0 || isMultiple(channels, heads),
    )
  }
  expect(
    "the text encoder's heads",
    `a number that divides its width ${hiddenSize}`,
    headCount,
    isMultiple(hiddenSize, headCount),
  )
  expect("the text encoder's context", 'room for a token between start and end', contextLength, contextLength > 2)
  if (tokenizer.kind === 'clip') {
    expect(
      "the text encoder's vocabulary",
      `CLIP's ${CLIP_VOCABULARY} entries`,
      vocabularySize,
      vocabularySize >= CLIP_VOCABULARY,
    )
  }
  return sentences
}

function isMultiple(value: number, divisor: number): boolean {
  return Number.isInteger(divisor) && divisor >= 1 && value % divisor === 0
}
