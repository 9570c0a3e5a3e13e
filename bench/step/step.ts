import { inChild } from '../child/run.ts'
import type { BenchOptions, Report, Row } from '../report.ts'
import { describeRequest, starterRequest } from '../starter-task.ts'
import { pairedRatios } from '../statistics.ts'

/** Milliseconds a step of the built-in model: guidance in one batch or two passes, with previews or without, beside other programs or not. */
export async function step({ repeats, threads }: BenchOptions): Promise<Report> {
  const times = await inChild('step', { repeats, threads })
  const row = (label: string, name: keyof typeof times, to: string): Row => ({
    label,
    unit: 'ms',
    samples: times[name],
    ratio: { samples: pairedRatios(times[name], times.oneBatch), to },
  })
  return {
    title: `step: milliseconds a step of the built-in model, ${describeRequest(await starterRequest())}`,
    rows: [
      { label: 'guidance in one batch', unit: 'ms', samples: times.oneBatch },
      row('guidance in two passes', 'twoPasses', 'one batch'),
      row('one batch, with previews', 'previews', 'no previews'),
      row('one batch, beside a busy program', 'besideBusy', 'an idle machine'),
      row("the U-Net's pass of two alone", 'unetAlone', 'the whole step'),
    ],
    notes: [
      'A sample is the mean of the steps of one picture, its first step left out. The busy program keeps one core.',
    ],
  }
}
