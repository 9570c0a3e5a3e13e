import type { Tensor } from '../../main/tensor/tensor.ts'
import { PER_NOUN, readCases, spread } from './cases.ts'
import type { DrawnCase, Kind } from './cases.ts'
import { withModel } from './draw.ts'
import type { Draw } from './draw.ts'
import { openJudge } from './judge.ts'
import type { Judge } from './judge.ts'
import { Progress } from './progress.ts'
import { rebuiltPsnr } from './rebuild.ts'
import { meanDistance, verdict } from './scores.ts'
import type { Verdict } from './scores.ts'

export interface StarterInput {
  /** A diffusers folder. */
  readonly modelFolder: string
  /** At most so many nouns, and things, grounds and scenes each. */
  readonly nouns: number
  /** Pictures of each prompt. */
  readonly seeds: number
  readonly threads: number | null
}

/** The model's verdicts, those of a case one after the other, and one a case of the real picture. */
interface Judged {
  readonly prompts: readonly string[]
  readonly model: readonly Verdict[]
  readonly real: readonly Verdict[]
}

export type JudgedKind = Exclude<Kind, 'seeds'>

export interface StarterScores {
  readonly pictures: number
  readonly judged: Record<JudgedKind, Judged>
  /** Mean distances of the pictures of one noun, one a noun. */
  readonly distances: { readonly model: readonly number[]; readonly real: readonly number[] }
  /** dB of each real picture after encoding and decoding. */
  readonly psnr: readonly number[]
}

/** Things, grounds and scenes. */
const OTHERS = 60
const DIVERSE_NOUNS = 20
/** Real pictures for the autoencoder, half of them scenes. */
const REBUILT = 60
const FIRST_SEED = 100

/** Makes pictures of everything asked and has them judged beside real ones. */
export async function judgeStarter({ modelFolder, nouns, seeds, threads }: StarterInput): Promise<StarterScores> {
  const others = Math.min(OTHERS, nouns)
  const groups: Record<JudgedKind, DrawnCase[]> = {
    nouns: await readCases('nouns', nouns),
    colours: await readCases('colours', others),
    grounds: await readCases('grounds', others),
    scenes: await readCases('scenes', others),
  }
  const diverse = await readCases('seeds', PER_NOUN * Math.min(DIVERSE_NOUNS, Math.ceil(nouns / 4)))
  const pictures = Object.values(groups).reduce((sum, { length }) => sum + seeds * length, diverse.length)
  const progress = new Progress('starter', pictures)
  const judge = await openJudge(threads)
  const scores = await withModel(modelFolder, threads, async (make) => {
    const draw: Draw = async (prompt, seed) => {
      const picture = await make(prompt, seed)
      progress.add()
      return picture
    }
    const judged = (kind: JudgedKind) => judgedCases(judge, draw, groups[kind], seeds)
    return {
      judged: {
        nouns: await judged('nouns'),
        colours: await judged('colours'),
        grounds: await judged('grounds'),
        scenes: await judged('scenes'),
      },
      distances: await distancesOf(diverse, draw),
    }
  })
  progress.end()
  await judge.release()
  const rebuilt = [groups.nouns, groups.scenes].flatMap((cases) => spread(cases, REBUILT / 2))
  const psnr = await rebuiltPsnr(
    modelFolder,
    threads,
    rebuilt.map(({ real }) => real),
  )
  return { pictures, ...scores, psnr }
}

async function judgedCases(judge: Judge, draw: Draw, cases: readonly DrawnCase[], seeds: number): Promise<Judged> {
  const [model, real]: [Verdict[], Verdict[]] = [[], []]
  for (const asked of cases) {
    real.push(await verdict(judge, asked.real, asked))
    for (let k = 0; k < seeds; k++) model.push(await verdict(judge, await draw(asked.prompt, FIRST_SEED + k), asked))
  }
  return { prompts: cases.map(({ prompt }) => prompt), model, real }
}

/** How far apart the pictures of one noun are, with as many seeds as there are real ones. */
async function distancesOf(cases: readonly DrawnCase[], draw: Draw): Promise<StarterScores['distances']> {
  const [model, real]: [number[], number[]] = [[], []]
  for (let start = 0; start < cases.length; start += PER_NOUN) {
    const own = cases.slice(start, start + PER_NOUN)
    const made: Tensor[] = []
    for (const [k, { prompt }] of own.entries()) made.push(await draw(prompt, FIRST_SEED + k))
    model.push(meanDistance(made))
    real.push(meanDistance(own.map((item) => item.real)))
  }
  return { model, real }
}
