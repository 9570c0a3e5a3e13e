import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the build reads. Dependencies are pinned by the lock file. */
const SOURCES = ['app', 'main', 'renderer', 'electron.vite.config.ts', 'package-lock.json', 'tsconfig.base.json']

/** What the build writes last; all of it there is what makes a build whole. */
const PRODUCTS = ['main/desktop.js', 'main/loopback.js', 'main/studio-process.js', 'main/cli.js', 'renderer/index.html']

/** Whether there is a whole build, of whatever sources. */
export function hasBuild(root: string): boolean {
  return PRODUCTS.every((product) => existsSync(join(root, 'out', product)))
}

/** Whether `out/` was made from the sources as they are now. */
export function isBuilt(root: string): boolean {
  const stamp = stampFile(root)
  if (!hasBuild(root) || !existsSync(stamp)) return false
  return readFileSync(stamp, 'utf8') === digestSources(root)
}

/**
 * Builds the studio with electron-vite and notes what it was built from.
 * @throws Error with the builder's own words
 */
export function build(root: string): void {
  // Taken first: a file saved during the build makes the next start build again. Without a stamp a build that is
  // stopped half-way counts for nothing.
  const digest = digestSources(root)
  rmSync(stampFile(root), { force: true })
  const builder = join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js')
  const result = spawnSync(process.execPath, [builder, 'build', '--logLevel', 'warn'], { cwd: root, encoding: 'utf8' })
  if (result.status !== 0) throw new Error(`${result.stdout}${result.stderr}`.trim() || String(result.error))
  mkdirSync(join(root, 'out'), { recursive: true })
  writeFileSync(stampFile(root), digest)
}

/** A digest of every source's name and bytes, tests left out: about a megabyte, a few milliseconds. */
export function digestSources(root: string): string {
  const hash = createHash('sha256')
  for (const file of SOURCES.flatMap((source) => listFiles(root, source))) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0')
  }
  return hash.digest('hex')
}

function listFiles(root: string, source: string): string[] {
  if (!existsSync(join(root, source))) return []
  if (source.includes('.')) return [source]
  return readdirSync(join(root, source), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.includes('.test.'))
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort()
}

function stampFile(root: string): string {
  return join(root, 'out', 'built-from')
}
