import { homedir } from 'node:os'
import { join } from 'node:path'
import type * as z from 'zod'
import { calls, type CallInput, type CallName, type CallOutput, type Handlers } from '../main/contract/calls.ts'
import { StudioError, toFailure, type Failure, type Logger } from '../main/contract/failure.ts'
import type { StudioInfo } from '../main/contract/settings.ts'
import type { Gallery } from '../main/gallery/gallery.ts'
import { controlPreview } from '../main/image/control-picture.ts'
import { formatParameters } from '../main/image/parameters.ts'
import { readRecipe } from '../main/image/recipes/recipe.ts'
import type { Library } from '../main/library/library.ts'
import type { JobQueue } from '../main/queue/queue.ts'
import { parseInput } from './parse.ts'
import type { SettingsStore } from './settings.ts'
import type { ListClassNames } from './class-names.ts'
import type { CountTokens } from './count-tokens.ts'
import type { PlanMemory } from './plan-memory.ts'
import { checkRequest } from './validate.ts'
import type { Verifier } from './verifier.ts'
import type { Wildcards } from './wildcards.ts'

/** What each shell does in its own way. */
export interface ShellActions {
  /** A folder of the user's choice, or null when there was none, or no way to choose. */
  readonly chooseFolder: () => Promise<string | null>
  /** Shows a file in the system's file manager. */
  readonly revealFile: (path: string) => void | Promise<void>
  readonly openFolder: (path: string) => Promise<void>
  /** Moves a file to the system's trash. */
  readonly trashFile: (path: string) => Promise<void>
}

export interface HandlerParts {
  readonly info: () => StudioInfo
  readonly logsFolder: string
  readonly settings: SettingsStore
  readonly library: Library
  /** Settles when the library has looked once; until then it knows no models. */
  readonly firstScan: Promise<unknown>
  readonly queue: JobQueue
  readonly gallery: Gallery
  readonly verifier: Verifier
  readonly wildcards: Wildcards
  readonly countTokens: CountTokens
  readonly classNames: ListClassNames
  readonly planMemory: PlanMemory
  readonly shell: ShellActions
}

/** The answering side of the contract, over the studio's parts. */
export function createHandlers(parts: HandlerParts): Handlers {
  const { settings, library, queue, gallery, shell } = parts
  return {
    'studio.info': () => parts.info(),
    'settings.get': () => settings.current,
    'settings.change': async ({ modelFolders, ...patch }) => {
      if (modelFolders) await changeFolders(library, settings.current.modelFolders, modelFolders)
      return settings.change(patch)
    },
    'models.list': async () => {
      await library.known
      return library.list()
    },
    'parts.list': async () => {
      await library.known
      return library.parts()
    },
    'models.refresh': () => library.refresh(),
    'models.addFolder': (path) => library.addFolder(atHome(path)),
    'models.removeFolder': (path) => library.removeFolder(path),
    'models.trashFile': async (id) => {
      await library.trashFile(id, shell.trashFile)
    },
    'models.state': () => library.state,
    'models.pauseDigests': (isPaused) => {
      library.pauseDigests(isPaused)
    },
    'models.countTokens': async ({ model, text, style }) => {
      await parts.firstScan
      return parts.countTokens(model, text, style)
    },
    'models.classNames': async (model) => {
      await parts.firstScan
      return parts.classNames(model)
    },
    'models.plan': async (input) => {
      await parts.firstScan
      return parts.planMemory(input)
    },
    'prompts.wildcards': () => parts.wildcards.names(),
    'queue.list': () => queue.list(),
    'queue.enqueue': async (input) => {
      await parts.firstScan
      checkRequest(input.request, library, gallery)
      return queue.enqueue(input, input.isTemplate ? parts.wildcards.expand : undefined)
    },
    'queue.cancel': (id) => {
      queue.cancel(id)
    },
    'queue.cancelAll': () => {
      queue.cancelAll()
    },
    'queue.retry': (id) => queue.retry(id),
    'queue.clearFinished': () => {
      queue.clearFinished()
    },
    'gallery.ids': (filter) => gallery.ids(filter),
    'gallery.details': (ids) => gallery.details(ids),
    'gallery.star': ({ ids, isStarred }) => {
      gallery.star(ids, isStarred)
    },
    'gallery.trash': async (ids) => {
      await gallery.trash(ids)
    },
    'gallery.restore': async (ids) => {
      await gallery.restore(ids)
    },
    'gallery.reveal': async (id) => {
      await shell.revealFile(await gallery.filePath(id, 'full'))
    },
    'gallery.useAsInput': (id) => gallery.useAsInput(id),
    'gallery.parameters': (id) => {
      const [record] = gallery.details([id])
      if (!record) throw new StudioError('not-found', `expected a picture with the id ${id}, found none`)
      return formatParameters(record.request, record.origin)
    },
    'gallery.verify': (id) => parts.verifier.verify(id),
    'gallery.cancelVerify': () => {
      parts.verifier.cancel()
    },
    'inputs.recipe': (id) => readRecipe(gallery.inputPath(id)),
    'controls.preview': ({ image, ...options }) => controlPreview(gallery.inputPath(image), options),
    'shell.chooseFolder': () => shell.chooseFolder(),
    'shell.openLogs': async () => {
      await shell.openFolder(parts.logsFolder)
    },
  } satisfies Handlers
}

// The library owns its folders and has the settings remember them.
async function changeFolders(library: Library, before: readonly string[], after: readonly string[]): Promise<void> {
  for (const folder of before.filter((folder) => !after.includes(folder))) await library.removeFolder(folder)
  for (const folder of after.filter((folder) => !before.includes(folder))) await library.addFolder(atHome(folder))
}

/** A path as people type it: ~ is their home. */
function atHome(path: string): string {
  return /^~(?=$|[\\/])/.test(path) ? join(homedir(), path.slice(1)) : path
}

/** What goes back over the wire: the handler's value, or why there is none. */
export type Answer = { readonly ok: unknown } | { readonly failure: Failure }
export type AnswerCall = (name: string, input: unknown) => Promise<Answer>

/** The one way into the handlers, for every shell: is the call known, is its input valid, then run it. Never rejects. */
export function createAnswer(handlers: Handlers, logger: Logger): AnswerCall {
  return async (name, input) => {
    try {
      if (!isCallName(name)) throw new StudioError('not-found', `expected a call of the studio, found "${name}"`)
      return { ok: await runCall(handlers, name, input) }
    } catch (error) {
      const failure = toFailure(error)
      if (failure.code === 'internal') logger.error(`${name} failed`, error)
      return { failure }
    }
  }
}

function isCallName(name: string): name is CallName {
  return Object.hasOwn(calls, name)
}

// The contract's table again, in the form in which the compiler can follow one name through schema and handler.
const table: { readonly [N in CallName]: { readonly input: z.ZodType<CallInput<N>> } } = calls

async function runCall<N extends CallName>(handlers: Handlers, name: N, input: unknown): Promise<CallOutput<N>> {
  return await handlers[name](parseInput(table[name].input, input))
}
