import { _electron, type Browser, type Page } from '@playwright/test'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')

/** A started studio with its window. */
export interface StartedStudio {
  readonly page: Page
  /** What the shell printed. */
  readonly output: () => string
  /** Ends the process that computes pictures, as the system does when memory runs out. */
  killEngine(): Promise<void>
  /** Ends the studio as a user does, and waits until it is gone. */
  close(): Promise<void>
  /** Ends it in the middle of whatever it does, as a power cut would. */
  kill(): Promise<void>
}

export interface StudioOptions {
  /** Where all of its data lies. */
  readonly home: string
  readonly browser: Browser
}

type ShellName = 'desktop' | 'browser'

/** The shell the suite runs on: LATENT_STUDIO_E2E_SHELL, else Electron where its binary is installed, else the browser. */
export function shellName(): ShellName {
  const wanted = process.env['LATENT_STUDIO_E2E_SHELL']
  if (wanted === 'desktop' || wanted === 'browser') return wanted
  return electronBinary() === null ? 'browser' : 'desktop'
}

/** One line for the terminal. */
export function shellDescription(): string {
  return shellName() === 'desktop'
    ? 'End to end on the desktop shell (Electron)'
    : 'End to end on the browser shell (loopback server, real Chromium)'
}

/** Starts the built studio over `home` in the suite's shell. */
export function startStudio(options: StudioOptions): Promise<StartedStudio> {
  return shellName() === 'desktop' ? startDesktop(options) : startLoopback(options)
}

async function startDesktop({ home }: StudioOptions): Promise<StartedStudio> {
  const executablePath = electronBinary()
  if (executablePath === null) throw new Error('expected Electron’s binary: run npx install-electron')
  const isRoot = process.getuid?.() === 0
  const electron = await _electron.launch({
    executablePath,
    args: [...(isRoot ? ['--no-sandbox'] : []), root],
    env: studioEnvironment(home),
  })
  const output = collectOutput(electron.process())
  return {
    page: await electron.firstWindow(),
    output,
    async killEngine() {
      const pid = await electron.evaluate(
        ({ app }) => app.getAppMetrics().find(({ serviceName }) => serviceName === 'Latent Studio engine')?.pid,
      )
      kill(pid)
    },
    close: () => electron.close(),
    async kill() {
      const exited = once(electron.process(), 'exit')
      kill(electron.process().pid)
      await exited
    },
  }
}

async function startLoopback({ home, browser }: StudioOptions): Promise<StartedStudio> {
  const entry = path.join(root, 'out', 'main', 'loopback.js')
  const server = spawn(process.execPath, [entry, '--no-open'], { env: studioEnvironment(home) })
  const exited = once(server, 'exit')
  const output = collectOutput(server)
  const link = await openLink(server, output)
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(link).origin })
  const page = await context.newPage()
  await page.goto(link)
  return {
    page,
    output,
    killEngine() {
      kill(childOf(server.pid))
      return Promise.resolve()
    },
    async close() {
      await context.close()
      server.kill('SIGTERM')
      await exited
    },
    async kill() {
      // First, for a page complains of a server that is gone.
      await context.close()
      const engine = childOf(server.pid)
      server.kill('SIGKILL')
      kill(engine)
      await exited
    },
  }
}

/** The one-time address the server prints. */
async function openLink(server: ChildProcess, output: () => string): Promise<string> {
  const giveUp = AbortSignal.timeout(60_000)
  for (;;) {
    const link = /http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/.exec(output())
    if (link) return link[0]
    if (server.exitCode !== null || giveUp.aborted) throw new Error(`the studio did not start:\n${output()}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

function studioEnvironment(home: string): Record<string, string> {
  const inherited = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return { ...Object.fromEntries(inherited), LATENT_STUDIO_HOME: home }
}

function collectOutput(child: ChildProcess): () => string {
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  return () => text
}

function electronBinary(): string | null {
  const folder = path.join(root, 'node_modules', 'electron')
  const pathFile = path.join(folder, 'path.txt')
  if (!existsSync(pathFile)) return null
  const binary = path.join(folder, 'dist', readFileSync(pathFile, 'utf8'))
  return existsSync(binary) ? binary : null
}

/** The process that the loopback server forked. */
function childOf(parent: number | undefined): number | undefined {
  return parentsByProcess().find(([, ppid]) => ppid === parent)?.[0]
}

/** Every process of the machine with its parent's number. */
function parentsByProcess(): [pid: number, parent: number][] {
  if (process.platform === 'linux') return readProc()
  const rows =
    process.platform === 'win32'
      ? execFileSync('powershell', ['-NoProfile', '-Command', PROCESS_TABLE], { encoding: 'utf8' })
      : execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  return rows.split('\n').map((row) => {
    const [pid = 0, parent = 0] = row.trim().split(/\s+/).map(Number)
    return [pid, parent]
  })
}

const PROCESS_TABLE = 'Get-CimInstance Win32_Process | ForEach-Object { "$($_.ProcessId) $($_.ParentProcessId)" }'

// A bare Linux has no ps. In a stat line the parent is the second word after the name, which is in brackets.
function readProc(): [pid: number, parent: number][] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        return [[Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])]]
      } catch {
        return []
      }
    })
}

function kill(pid: number | undefined): void {
  if (pid === undefined) throw new Error('expected a studio process, found none')
  process.kill(pid, 'SIGKILL')
}
