import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isBuilt } from '../../app/start/build.ts'
import type { BenchOptions, Report, Row } from '../report.ts'
import { describeRequest, projectRoot, PROMPT, starterRequest, starterTask } from '../starter-task.ts'
import { pairedRatios } from '../statistics.ts'
import { inTemporaryFolder } from '../temporary-folder.ts'
import { timed } from '../alternate.ts'
import { timeCommand } from './command-run.ts'
import type { CommandTimes } from './command-run.ts'
import type { StageTimes } from './stages.ts'
import { timeStudioProcess } from './studio-run.ts'
import type { StudioTimes } from './studio-run.ts'

interface Round {
  readonly emptyMs: number
  readonly command: CommandTimes
  readonly studio: StudioTimes
}

/** Cold start to the first picture, and its parts, against the same picture when the model is loaded. */
export async function start({ repeats, threads }: BenchOptions): Promise<Report> {
  const request = await starterRequest()
  const rounds = await inTemporaryFolder(async (folder) => {
    const measureRound = async (): Promise<Round> => ({
      emptyMs: await timed(emptyProcess),
      command: await timeCommand(folder, PROMPT, request.seed),
      studio: await timeStudioProcess(studioEntry(), () => starterTask(request, { stagingFolder: folder, threads })),
    })
    // The first makes the gallery and fills the system's file cache.
    await measureRound()
    const measured: Round[] = []
    for (let round = 0; round < repeats; round++) measured.push(await measureRound())
    return measured
  })
  return {
    title: `start: a picture of the built-in model, ${describeRequest(request)}`,
    rows: rowsOf(rounds),
    notes: [
      `Files in the system's cache. ${describeCode()}`,
      'No previews. The command keeps its picture in the gallery; the studio process only writes the file.',
    ],
  }
}

function rowsOf(rounds: readonly Round[]): Row[] {
  const of = (pick: (round: Round) => number) => rounds.map(pick)
  const row = (label: string, pick: (round: Round) => number): Row => ({ label, unit: 'ms', samples: of(pick) })
  const loaded = of(({ studio }) => sum(studio.again))
  const against = (label: string, pick: (round: Round) => number): Row => ({
    ...row(label, pick),
    ratio: { samples: pairedRatios(of(pick), loaded), to: 'the same picture, loaded' },
  })
  return [
    row('an empty Node process', ({ emptyMs }) => emptyMs),
    against('the command, start to exit', ({ command }) => command.wholeMs),
    row('  its process, models, gallery', ({ command }) => command.processMs),
    row('  the studio process', ({ command }) => command.studioMs),
    ...stageRows(row, ({ command }) => command.stages),
    row('  to the exit', ({ command }) => command.exitMs),
    against('the studio process alone', ({ studio }) => studio.processMs + sum(studio.first)),
    row('  process start', ({ studio }) => studio.processMs),
    ...stageRows(row, ({ studio }) => studio.first),
    row('the same picture, loaded', ({ studio }) => sum(studio.again)),
    ...stageRows(row, ({ studio }) => studio.again),
  ]
}

function stageRows(
  row: (label: string, pick: (round: Round) => number) => Row,
  stages: (round: Round) => StageTimes,
): Row[] {
  return [
    row('  load the model', (round) => stages(round).loading),
    row('  encode the prompt', (round) => stages(round).encoding),
    row('  denoise', (round) => stages(round).denoising),
    row('  decode', (round) => stages(round).decoding),
    row('  save', (round) => stages(round).saving),
  ]
}

function sum(times: StageTimes): number {
  return Object.values(times).reduce((total, time) => total + time, 0)
}

async function emptyProcess(): Promise<void> {
  await once(spawn(process.execPath, ['--eval', ''], { stdio: 'ignore' }), 'exit')
}

/** What the launcher would run: the build where there is one. */
function studioEntry(): string {
  const built = join(projectRoot, 'out', 'main', 'studio-process.js')
  return existsSync(built) ? built : join(projectRoot, 'app', 'studio-process.ts')
}

function describeCode(): string {
  if (studioEntry().endsWith('.ts')) return 'Run from the sources: npm run build makes starting faster.'
  return isBuilt(projectRoot) ? 'Run from out/.' : 'Run from out/, which is not what npm start made of these sources.'
}
