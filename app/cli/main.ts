import { toFailure } from '../../main/contract/failure.ts'
import { interruption } from '../interrupt.ts'
import { createLogger } from '../log.ts'
import { studioPaths, studioVersion } from '../paths.ts'
import { UsageError } from './arguments.ts'
import { generate } from './generate.ts'
import { help } from './help.ts'
import { inspect } from './inspect.ts'
import { models } from './models.ts'
import { pngInfo } from './png-info.ts'
import { describeFailure } from './report.ts'
import type { Surroundings } from './surroundings.ts'
import { verify } from './verify.ts'

type Command = (args: readonly string[], around: Surroundings) => Promise<number>

const COMMANDS: Partial<Record<string, Command>> = { generate, inspect, models, 'png-info': pngInfo, verify }

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const around = findSurroundings()
  const [name = '--help', ...rest] = args
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (name === '--version' || name === '-v') {
    around.write(`${studioVersion(around.paths.appRoot)}\n`)
    return 0
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    around.write(help(rest[0]))
    return args.length === 0 ? 2 : 0
  }
  if (command && rest.some((arg) => arg === '--help' || arg === '-h')) {
    around.write(help(name))
    return 0
  }
  try {
    if (!command) throw new UsageError(`expected a command, found "${name}"`)
    return await command(rest, around)
  } catch (error) {
    return explain(error, name, around)
  }
}

function explain(error: unknown, command: string, { writeError, logger }: Surroundings): number {
  if (error instanceof UsageError) {
    const hint = Object.hasOwn(COMMANDS, command) ? ` ${command}` : ''
    writeError(`${error.message}\nlatent-studio${hint} --help tells more.\n`)
    return 2
  }
  const failure = toFailure(error)
  if (failure.code === 'internal') logger.error(`${command} failed`, error)
  writeError(`${describeFailure(failure)}\n`)
  return 1
}

function findSurroundings(): Surroundings {
  const paths = studioPaths()
  // Whoever read the output, "head" perhaps, has had enough.
  process.stdout.on('error', () => process.exit(0))
  return {
    paths,
    logger: createLogger(paths.logs, false),
    signal: interruption(),
    write: (text) => void process.stdout.write(text),
    writeError: (text) => void process.stderr.write(text),
    terminal: process.stderr.isTTY ? process.stderr : null,
  }
}
