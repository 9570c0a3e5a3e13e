import type { MemoryChoice, MemoryPlan, MemoryUse, PlannedNetwork } from '../contract/memory.ts'
import { decoderPassBytes, encoderPassBytes, textPassBytes, unetPassBytes, weightBytesHeld } from './memory-need.ts'
import type { NetworkWidths, Picture } from './memory-need.ts'
import type { NetworkSize, NetworkSizes } from './network-sizes.ts'

/** For the rest of the process and of the machine. */
const RESERVE_BYTES = 0.75 * 2 ** 30
/** A side of a tile, largest first. */
const TILES_PX = [1024, 768, 512, 256] as const
/** Beyond as many pixels, a whole picture's attention in the autoencoder's middle takes longer than all else. */
const WHOLE_PIXELS = 1536 * 1536

export interface PlanInput {
  readonly sizes: NetworkSizes
  readonly widths: NetworkWidths
  readonly picture: Picture
  /** The run encodes a picture. */
  readonly hasInput: boolean
  readonly choice: MemoryChoice
  readonly availableBytes: number
}

interface Way {
  readonly use: MemoryUse
  readonly tilePx: number | null
  readonly isReleasing: boolean
}

/**
 * How a run goes about memory: the first way that fits, from the fastest to the smallest; the smallest when none does.
 * Tiles change the picture a little, so all ways of holding weights come before them.
 */
export function memoryPlan(input: PlanInput): MemoryPlan {
  const plans = waysFor(input).map((way) => planFor(way, input))
  const plan = plans.find(({ fits }) => fits) ?? plans.at(-1)
  if (!plan) throw new RangeError(`expected a way to hold the networks, found none for ${input.choice}`)
  return { ...plan, sentence: sentenceOf(plan) }
}

function waysFor({ picture, choice }: PlanInput): Way[] {
  const uses: MemoryUse[] = choice === 'auto' ? ['fast', 'small'] : [choice]
  const { widthPx, heightPx } = picture
  const tiles = TILES_PX.filter((px) => px < Math.max(widthPx, heightPx))
  const held = (tilePx: number | null): Way[] =>
    uses.flatMap((use) => [
      { use, tilePx, isReleasing: false },
      { use, tilePx, isReleasing: true },
    ])
  return [...(widthPx * heightPx > WHOLE_PIXELS ? [] : held(null)), ...tiles.flatMap(held)]
}

function planFor(way: Way, input: PlanInput): Omit<MemoryPlan, 'sentence'> {
  const stages = stagesOf(way, input)
  const networks = stages.flat()
  const held = (parts: readonly PlannedNetwork[]) => parts.reduce((sum, { weightBytes }) => sum + weightBytes, 0)
  const pass = (parts: readonly PlannedNetwork[]) => Math.max(0, ...parts.map(({ passBytes }) => passBytes))
  const peakBytes = way.isReleasing
    ? Math.max(...stages.map((parts) => held(parts) + pass(parts)))
    : held(networks) + pass(networks)
  const { availableBytes } = input
  return { ...way, networks, peakBytes, availableBytes, fits: peakBytes + RESERVE_BYTES <= availableBytes }
}

/** The networks that work together: those that encode, those that denoise, the one that decodes. */
function stagesOf({ use, tilePx }: Way, { sizes, widths, picture, hasInput }: PlanInput): PlannedNetwork[][] {
  const planned = (name: PlannedNetwork['name'], size: NetworkSize, passBytes: number, kept = use): PlannedNetwork => ({
    name,
    use: kept,
    weightBytes: weightBytesHeld(size, kept),
    passBytes: Math.round(passBytes),
  })
  const side = tilePx === null ? picture : { ...picture, widthPx: tilePx, heightPx: tilePx }
  const { encoder } = sizes
  return [
    [
      // They run once for a prompt: widening their weights for that costs less than laying them out.
      ...sizes.textEncoders.map((size) => planned('text encoder', size, textPassBytes(size), 'small')),
      ...(hasInput && encoder ? [planned('encoder', encoder, encoderPassBytes(encoder, widths, side))] : []),
    ],
    [
      planned('U-Net', sizes.unet, unetPassBytes(sizes.unet, widths, picture)),
      ...(sizes.controls ?? []).map((size) => planned('ControlNet', size, unetPassBytes(size, widths, picture))),
    ],
    [planned('decoder', sizes.decoder, decoderPassBytes(sizes.decoder, widths, side))],
  ]
}

function sentenceOf({
  use,
  tilePx,
  isReleasing,
  peakBytes,
  availableBytes,
  fits,
}: Omit<MemoryPlan, 'sentence'>): string {
  const parts = [
    use === 'fast' ? 'weights as float32, for speed' : 'weights as stored, widened at each pass',
    ...(isReleasing ? ['networks closed between stages'] : []),
    ...(tilePx === null ? [] : [`pictures coded in tiles of ${tilePx} pixels`]),
  ]
  const room = `${gib(peakBytes)} GiB at most, ${gib(availableBytes)} GiB free`
  return `${parts.join(', ')}: ${room}${fits ? '' : '; it may not be enough'}`
}

function gib(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1)
}
