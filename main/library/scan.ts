import type { Dirent } from 'node:fs'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import type { Logger } from '../contract/failure.ts'
import type { PartKind } from '../contract/part.ts'
import { folderHint, installationFolders } from './layouts.ts'
import { sidecarOf } from './sidecar-names.ts'
import type { SidecarRole } from './sidecar-names.ts'

/** Names under which weights are shared. What a file is, its content decides. */
const WEIGHT_FILES = new Set(['.safetensors', '.sft', '.ckpt', '.gguf', '.pt', '.pth', '.bin'])
/** Of these, names that other programs use for anything. */
const AMBIGUOUS_FILES = new Set(['.pt', '.pth', '.bin'])
/** Folders of programs, not of people's models. */
const PASSED_OVER = new Set(['node_modules', 'venv', 'site-packages', '__pycache__', 'blobs'])
/** Weight files of a network's own folder, which are no models of their own. */
const NETWORK_WEIGHTS = /^(?:diffusion_pytorch_model|pytorch_model|model|open_clip_pytorch_model)\b.*$/

/** Folders deep enough for any collection; a whole disk named by mistake ends here. */
const MAX_DEPTH = 6

/** Where a model or a part may lie. */
export interface Place {
  readonly path: string
  /** A file of weights, a folder with model_index.json, or the folder of one network with its config.json. */
  readonly kind: 'file' | 'model' | 'network'
  /** What the folder around it promises. */
  readonly hint: PartKind | null
  /** Files beside it that bear its name, those of more weight first. */
  readonly sidecars: readonly { readonly role: SidecarRole; readonly path: string }[]
}

export interface Scan {
  readonly places: readonly Place[]
  /** Every folder that was looked into, or would have been if it were there. */
  readonly folders: readonly string[]
}

/** Whether a file under this name is likely to be something else when it cannot be read. */
export function isAmbiguous(path: string): boolean {
  return AMBIGUOUS_FILES.has(extname(path).toLowerCase())
}

/**
 * Where models and parts may lie in these folders, each place once however many ways lead there. A root may itself be
 * a model, or a single file; of an installation of another program only its model folders are looked into. What cannot
 * be read is logged and passed over.
 * @param except a place that is known already
 */
export async function scanFolders(roots: readonly string[], except: string, logger: Logger): Promise<Scan> {
  const walk = new Walk(await realpath(except).catch(() => except), logger)
  for (const root of roots) await walk.root(root)
  return { places: walk.places, folders: [...walk.folders] }
}

class Walk {
  readonly places: Place[] = []
  readonly folders = new Set<string>()
  /** Real paths of folders and files that were met. */
  readonly #seen = new Set<string>()
  readonly #logger: Logger

  constructor(except: string, logger: Logger) {
    this.#seen.add(except)
    this.#logger = logger
  }

  async root(path: string): Promise<void> {
    try {
      const isFile = (await stat(path)).isFile()
      this.folders.add(isFile ? dirname(path) : path)
      if (!isFile) await this.#visit(path, folderHint(path), 0)
      else if (this.#isNew(await realpath(path))) {
        const beside = await readdir(dirname(path))
        this.places.push({ path, kind: 'file', hint: null, sidecars: sidecarsAmong(dirname(path), beside)(path) })
      }
    } catch (error) {
      this.folders.add(path)
      this.#warn(path, error)
    }
  }

  async #visit(path: string, hint: PartKind | null, depth: number): Promise<void> {
    const real = await realpath(path)
    if (!this.#isNew(real)) return
    this.folders.add(path)
    const items = await readdir(path, { withFileTypes: true })
    items.sort((a, b) => (a.name < b.name ? -1 : 1))
    const names = items.map(({ name }) => name)
    if (names.includes('model_index.json')) {
      this.#addFolder(path, 'model')
      return
    }
    const folders = await installationFolders(path, names)
    if (folders) {
      for (const folder of folders) await this.#attempt(folder.path, () => this.#visit(folder.path, folder.hint, 0))
      return
    }
    if (basename(path).startsWith('models--') && names.includes('snapshots')) {
      await this.#visitSnapshot(path, depth)
      return
    }
    await this.#visitItems({ path, real, items, hint, depth })
  }

  async #visitItems({ path, real, items, hint, depth }: Visit): Promise<void> {
    const isNetwork = items.some(({ name }) => name === 'config.json') && hasWeights(items)
    if (isNetwork) this.#addFolder(path, 'network')
    const sidecars = sidecarsAmong(
      path,
      items.map(({ name }) => name),
    )
    for (const item of items) {
      if (item.name.startsWith('.') || PASSED_OVER.has(item.name)) continue
      if (/^(?:datasets|spaces)--/.test(item.name)) continue
      const inner = join(path, item.name)
      const kind = await kindOf(item, inner)
      if (kind === 'folder' && depth < MAX_DEPTH) {
        await this.#attempt(inner, () => this.#visit(inner, folderHint(inner) ?? hint, depth + 1))
      } else if (kind === 'file' && isWeightFile(inner) && !(isNetwork && NETWORK_WEIGHTS.test(item.name))) {
        const target = item.isSymbolicLink() ? await realpath(inner) : join(real, item.name)
        if (this.#isNew(target)) this.places.push({ path: inner, kind: 'file', hint, sidecars: sidecars(inner) })
      }
    }
  }

  /** Of a repository in the Hugging Face cache: the commit its main branch is at, else all that were fetched. */
  async #visitSnapshot(path: string, depth: number): Promise<void> {
    const snapshots = join(path, 'snapshots')
    const main = await readFile(join(path, 'refs', 'main'), 'utf8').catch(() => '')
    const commits = await readdir(snapshots)
    const current = commits.filter((commit) => commit === main.trim())
    for (const commit of current.length > 0 ? current : commits) {
      const inner = join(snapshots, commit)
      await this.#attempt(inner, () => this.#visit(inner, null, depth + 1))
    }
  }

  #addFolder(path: string, kind: 'model' | 'network'): void {
    this.places.push({ path, kind, hint: null, sidecars: [] })
  }

  async #attempt(path: string, visit: () => Promise<void>): Promise<void> {
    await visit().catch((error: unknown) => {
      this.#warn(path, error)
    })
  }

  #isNew(real: string): boolean {
    if (this.#seen.has(real)) return false
    this.#seen.add(real)
    return true
  }

  #warn(path: string, error: unknown): void {
    const found = error instanceof Error ? error.message : String(error)
    this.#logger.warn(`models: expected to read ${path}, found ${found}`)
  }
}

interface Visit {
  readonly path: string
  readonly real: string
  readonly items: readonly Dirent[]
  readonly hint: PartKind | null
  readonly depth: number
}

function hasWeights(items: readonly Dirent[]): boolean {
  return items.some(({ name }) => NETWORK_WEIGHTS.test(name) && (isWeightFile(name) || name.endsWith('.index.json')))
}

/** Which files of a folder bear a weight file's name. */
function sidecarsAmong(folder: string, names: readonly string[]): (path: string) => Place['sidecars'] {
  const byStem = new Map<string, { role: SidecarRole; path: string; rank: number }[]>()
  for (const name of names) {
    const found = sidecarOf(name)
    if (!found) continue
    const { stem, role, rank } = found
    byStem.set(stem, [...(byStem.get(stem) ?? []), { role, path: join(folder, name), rank }])
  }
  for (const files of byStem.values()) files.sort((a, b) => a.rank - b.rank)
  return (path) => (byStem.get(basename(path, extname(path))) ?? []).map(({ role, path }) => ({ role, path }))
}

async function kindOf(item: Dirent, path: string): Promise<'file' | 'folder' | null> {
  // A link that leads nowhere is nothing.
  const target = item.isSymbolicLink() ? await stat(path).catch(() => null) : item
  if (target?.isFile()) return 'file'
  return target?.isDirectory() ? 'folder' : null
}

function isWeightFile(path: string): boolean {
  return WEIGHT_FILES.has(extname(path).toLowerCase())
}
