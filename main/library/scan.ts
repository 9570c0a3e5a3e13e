import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { Logger } from '../contract/failure.ts'

/** Names under which single-file models are shared. What a file is, its content decides. */
const MODEL_FILES = new Set(['.safetensors', '.sft', '.ckpt'])

/** Folders deep enough for any collection; a whole disk named by mistake ends here. */
const MAX_DEPTH = 6

/**
 * Where models may lie in a folder: folders with a model_index.json, and single files outside of them. The folder may
 * itself be a model, or be a single file. What cannot be read is logged and passed over.
 */
export async function findModelPaths(root: string, logger: Logger): Promise<string[]> {
  const seen = new Set<string>()
  const found: string[] = []

  async function visit(path: string, depth: number): Promise<void> {
    const place = await realpath(path)
    if (seen.has(place)) return
    seen.add(place)
    const items = await readdir(path, { withFileTypes: true })
    if (items.some(({ name }) => name === 'model_index.json')) {
      found.push(path)
      return
    }
    items.sort((a, b) => (a.name < b.name ? -1 : 1))
    for (const item of items) {
      const inner = join(path, item.name)
      const kind = item.name.startsWith('.') ? null : await kindOf(item, inner)
      if (kind === 'file' && isModelFile(inner)) found.push(inner)
      else if (kind === 'folder' && depth < MAX_DEPTH)
        await visit(inner, depth + 1).catch((error: unknown) => warn(inner, error))
    }
  }

  function warn(path: string, error: unknown): void {
    logger.warn(`models: expected to read ${path}, found ${error instanceof Error ? error.message : String(error)}`)
  }

  try {
    if ((await stat(root)).isFile()) return [root]
    await visit(root, 0)
  } catch (error) {
    warn(root, error)
  }
  return found
}

async function kindOf(item: Dirent, path: string): Promise<'file' | 'folder' | null> {
  // A link that leads nowhere is nothing.
  const target = item.isSymbolicLink() ? await stat(path).catch(() => null) : item
  if (target?.isFile()) return 'file'
  return target?.isDirectory() ? 'folder' : null
}

function isModelFile(path: string): boolean {
  return MODEL_FILES.has(extname(path).toLowerCase())
}
