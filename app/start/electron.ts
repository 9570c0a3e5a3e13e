import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import * as z from 'zod'

const DOWNLOADS = 'https://github.com/electron/electron/releases/download/'
const PROBE_TIMEOUT_MS = 5000
/** About 110 MB. */
const DOWNLOAD_TIMEOUT_MS = 5 * 60_000

/** Electron's executable, or null when its package is absent or its binary has not been downloaded. */
export function electronBinary(root: string): string | null {
  const folder = electronFolder(root)
  if (folder === null || !existsSync(join(folder, 'path.txt'))) return null
  const binary = join(folder, 'dist', readFileSync(join(folder, 'path.txt'), 'utf8'))
  return existsSync(binary) ? binary : null
}

/** Whether the download was already tried for this version of Electron; it is not tried at every start. */
export function wasDownloadTried(root: string): boolean {
  const marker = markerFile(root)
  return existsSync(marker) && readFileSync(marker, 'utf8') === electronVersion(root)
}

/** Downloads Electron's binary with its own installer, within a time limit, and notes that it was tried. */
export async function downloadElectron(root: string): Promise<void> {
  const folder = electronFolder(root)
  if (folder === null) return
  mkdirSync(dirname(markerFile(root)), { recursive: true })
  writeFileSync(markerFile(root), electronVersion(root))
  if (!(await canReachDownloads())) return
  spawnSync(process.execPath, [join(folder, 'install.js')], { stdio: 'ignore', timeout: DOWNLOAD_TIMEOUT_MS })
}

// A network that swallows connections would keep the installer waiting for minutes.
async function canReachDownloads(): Promise<boolean> {
  const mirror = process.env['ELECTRON_MIRROR'] ?? process.env['npm_config_electron_mirror'] ?? DOWNLOADS
  try {
    await fetch(mirror, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) })
    return true
  } catch {
    return false
  }
}

function electronFolder(root: string): string | null {
  try {
    return dirname(createRequire(join(root, 'package.json')).resolve('electron/package.json'))
  } catch {
    return null
  }
}

function electronVersion(root: string): string {
  const text = readFileSync(join(electronFolder(root) ?? '', 'package.json'), 'utf8')
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version
}

function markerFile(root: string): string {
  return join(root, 'node_modules', '.cache', 'latent-studio', 'electron-tried')
}
