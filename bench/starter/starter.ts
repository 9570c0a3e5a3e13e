import { inChild } from '../child/run.ts'
import type { BenchOptions, Report, Row } from '../report.ts'
import { describeRequest, starterFolder, starterRequest } from '../starter-task.ts'
import type { JudgedKind, StarterScores } from './in-child.ts'
import type { Verdict } from './scores.ts'

const EASIEST = 30

/**
 * What the built-in model's pictures show, by a judge that learned from real renderings, each score beside the judge's of
 * real pictures of the same: which is what a perfect model would get.
 */
export async function starter({ threads, starter: options }: BenchOptions): Promise<Report> {
  const { nouns, seeds, modelFolder = starterFolder } = options
  const scores = await inChild('starter', { modelFolder, nouns, seeds, threads })
  const { judged, distances, psnr } = scores
  const name = modelFolder === starterFolder ? 'the built-in model' : modelFolder
  return {
    title: `starter: what ${scores.pictures} pictures of ${name} show, ${describeRequest(await starterRequest(modelFolder))}`,
    rows: [
      scoreRow("'a NOUN' is that noun, first guess", scores, 'nouns', ({ first }) => first),
      scoreRow('  among the first five', scores, 'nouns', ({ five }) => five),
      scoreRow('scenes: both things, each on its side, first guess', scores, 'scenes', ({ first }) => first),
      scoreRow('  among the first five', scores, 'scenes', ({ five }) => five),
      scoreRow("the thing's colour", scores, 'colours', ({ colour }) => colour === true),
      scoreRow("the ground's colour", scores, 'grounds', ({ colour }) => colour === true),
      {
        label: 'difference between seeds, of 2',
        unit: '',
        samples: distances.model,
        ratio: { samples: distances.model.map((value, i) => value / (distances.real[i] ?? NaN)), to: 'real pictures' },
      },
      { label: 'the autoencoder, PSNR', unit: 'dB', samples: psnr },
    ],
    notes: [
      'A ratio is to the same question about real pictures, in brackets what those get.',
      `Named at once: ${bestNouns(judged.nouns.prompts, judged.nouns.model, seeds).join(', ') || 'none'}.`,
    ],
  }
}

function scoreRow(label: string, { judged }: StarterScores, kind: JudgedKind, isRight: (v: Verdict) => boolean): Row {
  const { model, real } = judged[kind]
  const [found, possible] = [share(model, isRight), share(real, isRight)]
  const to = `real pictures (${Math.round(100 * possible)} %)`
  return { label, unit: '%', samples: [100 * found], of: model.length, ratio: { samples: [found / possible], to } }
}

function share(verdicts: readonly Verdict[], isRight: (v: Verdict) => boolean): number {
  return verdicts.filter(isRight).length / verdicts.length
}

/** The prompts that were the first guess most often, at most so many. */
function bestNouns(prompts: readonly string[], verdicts: readonly Verdict[], seeds: number): string[] {
  const hits = prompts.map((prompt, i) => ({
    prompt,
    count: verdicts.slice(i * seeds, (i + 1) * seeds).filter(({ first }) => first).length,
  }))
  return hits
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, EASIEST)
    .map(({ prompt }) => prompt)
}
