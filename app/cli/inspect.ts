import { inspect as inspectPath, type Inspection } from '../../main/checkpoint/inspect.ts'
import { onlyWord, readArguments, type OptionSpec } from './arguments.ts'
import type { Surroundings } from './surroundings.ts'
import { bytes, columns, number } from './text.ts'

export const INSPECT_OPTIONS = {
  json: { help: 'everything as one JSON object, with the names of all missing and unused tensors' },
} satisfies Record<string, OptionSpec>

const NAMES_SHOWN = 10

/** `latent-studio inspect`: what a folder or file is; 1 when it cannot run. @throws UsageError, StudioError model-missing */
export async function inspect(args: readonly string[], { write }: Surroundings): Promise<number> {
  const found = readArguments('inspect', args, INSPECT_OPTIONS)
  const inspection = await inspectPath(onlyWord(found, 'a file or folder'))
  write(found.has('json') ? `${JSON.stringify(inspection, null, 2)}\n` : describe(inspection))
  return inspection.problem === null ? 0 : 1
}

function describe(inspection: Inspection): string {
  const { path, layout, familyName, predictionType, components, missing, unused, looksLike, problem } = inspection
  const dtypes = Object.entries(inspection.dtypes).map(([dtype, count]) => `${dtype} ${number(count)}`)
  const facts = columns([
    ['Layout', layout ?? 'none that the studio knows'],
    ['Family', familyName ?? 'not recognised'],
    ['Prediction', predictionType ?? 'not known'],
    ['Tensors', `${number(inspection.tensorCount)}${dtypes.length === 0 ? '' : ` (${dtypes.join(', ')})`}`],
    ['Parameters', number(inspection.parameters)],
    ['Size', bytes(inspection.sizeBytes)],
    ...components.map(({ name, tensorCount, parameters, sizeBytes }): [string, string] => [
      capitalised(name),
      `${number(tensorCount)} tensors, ${number(parameters)} parameters, ${bytes(sizeBytes)}`,
    ]),
  ])
  const verdict =
    problem === null ? 'It can run.\n' : `It cannot run: ${problem}\n${looksLike === null ? '' : `${looksLike}\n`}`
  return `${path}\n\n${facts}${listed('Missing', missing)}${listed('Unused', unused)}\n${verdict}`
}

function listed(title: string, names: readonly string[]): string {
  if (names.length === 0) return ''
  const more = names.length > NAMES_SHOWN ? `  … and ${number(names.length - NAMES_SHOWN)} more\n` : ''
  return `\n${title} (${number(names.length)})\n${names
    .slice(0, NAMES_SHOWN)
    .map((name) => `  ${name}\n`)
    .join('')}${more}`
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
