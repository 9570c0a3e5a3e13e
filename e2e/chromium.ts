import sparticuz from '@sparticuz/chromium'
import type { LaunchOptions } from 'playwright-core'
import { chromium } from 'playwright-core'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'

const cacheFolder = path.resolve(import.meta.dirname, '../node_modules/.cache')
const packageFile = path.resolve(import.meta.dirname, '../node_modules/@sparticuz/chromium/package.json')

/** A browser under test asks nobody outside for anything, and root may not use the sandbox. */
const args = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--disable-sync',
  '--no-pings',
  '--no-first-run',
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
]

let found: Promise<LaunchOptions> | undefined

/**
 * How Playwright starts a Chromium here: `CHROMIUM_PATH`, else Playwright's own where it is installed, else on Linux
 * the one from the npm package, else the machine's Chrome or Edge.
 */
export function chromiumLaunchOptions(): Promise<LaunchOptions> {
  found ??= findChromium()
  return found
}

async function findChromium(): Promise<LaunchOptions> {
  const own = process.env['CHROMIUM_PATH'] ?? chromium.executablePath()
  if (existsSync(own)) return { executablePath: own, args }
  if (process.platform === 'linux' && process.arch === 'x64') return { ...(await packagedChromium()), args }
  return { channel: process.platform === 'win32' ? 'msedge' : 'chrome', args }
}

/**
 * Unpacks the package's browser once, into a folder that appears whole or not at all: the package itself takes any file
 * of the right name for a finished one, so a run that was stopped half-way would spoil every later one.
 */
async function packagedChromium(): Promise<LaunchOptions> {
  const { version } = JSON.parse(await readFile(packageFile, 'utf8')) as { version: string }
  const folder = path.join(cacheFolder, `chromium-${version}`)
  const executablePath = path.join(folder, 'chromium')
  if (!existsSync(executablePath)) await unpack(folder)
  const env = { ...(await fontSettings(folder)), ...librarySettings(folder, executablePath) }
  return { executablePath, ...(Object.keys(env).length === 0 ? {} : { env: { ...process.env, ...env } }) }
}

async function unpack(folder: string): Promise<void> {
  await mkdir(cacheFolder, { recursive: true })
  const draft = await mkdtemp(path.join(cacheFolder, 'chromium-'))
  // The package unpacks to the temporary folder, and adds its own libraries only when told it runs on its home ground.
  const before = { TMPDIR: process.env['TMPDIR'], AWS_EXECUTION_ENV: process.env['AWS_EXECUTION_ENV'] }
  Object.assign(process.env, { TMPDIR: draft, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' })
  try {
    await sparticuz.executablePath()
    await rename(draft, folder)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    // Another process of the same test run may have been first.
    if (!existsSync(path.join(folder, 'chromium'))) throw error
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) Reflect.deleteProperty(process.env, name)
      else process.env[name] = value
    }
  }
}

/** The package brings the few system libraries that a bare machine lacks. */
function librarySettings(folder: string, executablePath: string): Record<string, string> {
  const report = execFileSync('ldd', [executablePath], { encoding: 'utf8' })
  return report.includes('not found') ? { LD_LIBRARY_PATH: path.join(folder, 'al2023', 'lib') } : {}
}

/** A machine without any font draws no text, and then nothing has a size to click on: the package's font stands in. */
async function fontSettings(folder: string): Promise<Record<string, string>> {
  if (existsSync('/etc/fonts/fonts.conf')) return {}
  const settings = path.join(folder, 'fonts.conf')
  const fonts = path.join(folder, 'fonts', 'fonts')
  await writeFile(settings, `<fontconfig><dir>${fonts}</dir><cachedir>${folder}/fonts-cache</cachedir></fontconfig>\n`)
  return { FONTCONFIG_FILE: settings }
}
