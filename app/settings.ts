import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Logger } from '../main/contract/failure.ts'
import { Settings, type SettingsPatch } from '../main/contract/settings.ts'
import { describeIssue } from './parse.ts'

/** The user's settings, held in memory and in one JSON file that is only ever replaced whole. */
export class SettingsStore {
  readonly #file: string
  readonly #onChange: (settings: Settings) => void
  #current: Settings

  constructor(file: string, logger: Logger, onChange: (settings: Settings) => void = () => undefined) {
    this.#file = file
    this.#onChange = onChange
    this.#current = readSettings(file, logger)
  }

  get current(): Settings {
    return this.#current
  }

  /** The settings with the patch applied, already on disk. */
  change(patch: SettingsPatch): Settings {
    const next = Settings.parse({ ...this.#current, ...patch })
    writeWhole(this.#file, serialise(next))
    this.#current = next
    this.#onChange(next)
    return next
  }
}

// What cannot be read takes its default; the file as found is kept aside and a sound one takes its place.
function readSettings(file: string, logger: Logger): Settings {
  const text = readIfThere(file)
  if (text === null) return Settings.parse({})
  const { settings, complaints } = salvage(text)
  if (complaints.length > 0) {
    const kept = `${file}.damaged-${Date.now()}`
    renameSync(file, kept)
    writeWhole(file, serialise(settings))
    logger.warn(`${file}: ${complaints.join('; ')}. The defaults are used there; the file as found is kept as ${kept}`)
  }
  return settings
}

function salvage(text: string): { settings: Settings; complaints: string[] } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { settings: Settings.parse({}), complaints: [`expected JSON, found ${String(error)}`] }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { settings: Settings.parse({}), complaints: ['expected a JSON object'] }
  }
  const result = Settings.safeParse(value, { reportInput: true })
  if (result.success) return { settings: result.data, complaints: [] }
  const damaged = new Set(result.error.issues.map((issue) => String(issue.path[0])))
  const sound = Object.fromEntries(Object.entries(value).filter(([name]) => !damaged.has(name)))
  const complaints = result.error.issues.map((issue) => `${issue.path.map(String).join('.')}: ${describeIssue(issue)}`)
  return { settings: Settings.parse(sound), complaints }
}

function serialise(settings: Settings): string {
  return `${JSON.stringify(settings, null, 2)}\n`
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

// A crash while writing leaves the old file; rename replaces it in one step.
function writeWhole(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  const draft = `${file}.${process.pid}.new`
  writeFileSync(draft, text, { flush: true })
  renameSync(draft, file)
}
