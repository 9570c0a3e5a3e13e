import type { OptionSpec } from './arguments.ts'
import { GENERATE_GROUPS } from './generate-options.ts'
import { INSPECT_OPTIONS } from './inspect.ts'
import { MODELS_OPTIONS } from './models.ts'
import { PNG_INFO_OPTIONS } from './png-info.ts'
import { columns } from './text.ts'
import { VERIFY_OPTIONS } from './verify.ts'

interface CommandHelp {
  readonly usage: string
  readonly about: string
  readonly options: Readonly<Record<string, OptionSpec>> | readonly [string, Readonly<Record<string, OptionSpec>>][]
}

const COMMANDS: Record<string, CommandHelp> = {
  generate: {
    usage: 'generate PROMPT [options]',
    about: 'Makes pictures from words, or from a picture and words, and prints their files.',
    options: Object.entries(GENERATE_GROUPS),
  },
  inspect: {
    usage: 'inspect FILE_OR_FOLDER [--json]',
    about: 'Says what a model file or folder is, what is in it, and what is missing.',
    options: INSPECT_OPTIONS,
  },
  models: { usage: 'models [--json]', about: 'Lists the models there are.', options: MODELS_OPTIONS },
  'png-info': {
    usage: 'png-info FILE [--json]',
    about: 'Prints what a picture says about how it was made.',
    options: PNG_INFO_OPTIONS,
  },
  verify: {
    usage: 'verify FILE [--json]',
    about: 'Makes a picture again and says whether it is the same, and if not, where the two part.',
    options: VERIFY_OPTIONS,
  },
  start: { usage: 'start', about: 'Opens the studio, as npm start does.', options: {} },
}

/** Help for the whole command line, or for one command. */
export function help(command?: string): string {
  const found = command === undefined ? undefined : COMMANDS[command]
  if (found) {
    const groups = isGrouped(found.options) ? found.options : [['', found.options] as const]
    const tables = groups
      .filter(([, options]) => Object.keys(options).length > 0)
      .map(([title, options]) => `${title === '' ? '' : `\n${title}`}\n${optionLines(options)}`)
    return `latent-studio ${found.usage}\n\n${found.about}\n${tables.join('')}`
  }
  return `latent-studio <command> [options]

Commands
${columns(Object.values(COMMANDS).map(({ usage, about }) => [usage, about]))}
Options
${columns([
  ['--help', 'this text, or with a command that command’s options'],
  ['--version', 'the version'],
])}
Exit codes
${columns([
  ['0', 'success'],
  ['1', 'a failure; inspect: a model that cannot run; verify: other pixels'],
  ['2', 'a command line that was not understood'],
  ['130', 'cancelled with Ctrl+C'],
])}
LATENT_STUDIO_HOME names the folder of the gallery, settings and logs; without it they lie where the system keeps such things.
`
}

type Options = CommandHelp['options']

function isGrouped(options: Options): options is readonly [string, Readonly<Record<string, OptionSpec>>][] {
  return Array.isArray(options)
}

function optionLines(options: Readonly<Record<string, OptionSpec>>): string {
  return columns(
    Object.entries(options).map(
      ([name, { value, help: text }]) => [`--${name}${value === undefined ? '' : ` ${value}`}`, text] as const,
    ),
  )
}
