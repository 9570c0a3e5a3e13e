import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isClaimed } from '../instance.ts'
import { studioPaths } from '../paths.ts'
import { build, hasBuild, isBuilt } from './build.ts'
import { downloadElectron, electronBinary, wasDownloadTried } from './electron.ts'

const HELP = `npm start [-- options]

  --browser     open the studio in the default browser instead of its own window
  --port N      the browser shell's port; a free one by default
  --no-open     print the browser shell's address and open nothing
  --desktop     open the studio's own window, downloading Electron again if it is missing
`

/** An Electron that cannot run here (no sandbox, a library missing) says so within this time. */
const STILLBORN_MS = 4000

const root = join(import.meta.dirname, '..', '..')
process.exitCode = await start(process.argv.slice(2))

async function start(args: string[]): Promise<number> {
  const options = readOptions(args)
  if (typeof options === 'string') {
    console.error(options)
    return 2
  }
  if (options.help) {
    console.log(HELP)
    return 0
  }
  // A studio that is open serves what was built; building anew would take its files away.
  const isServed = hasBuild(root) && isClaimed(studioPaths().instanceFile)
  if (!isBuilt(root) && !isServed) {
    console.log('Building the studio; this takes a few seconds and happens when its sources changed.')
    try {
      build(root)
    } catch (error) {
      console.error(`The studio could not be built:\n${String(error)}`)
      return 1
    }
  }
  const reason = options.browser ? '' : await openDesktop(options.desktop)
  if (reason === null) return 0
  if (reason !== '') console.log(`${reason} The studio opens in your browser instead.`)
  const { code } = await runChild(process.execPath, [join(root, 'out', 'main', 'loopback.js'), ...options.forBrowser])
  return code
}

interface Options {
  readonly help: boolean
  readonly browser: boolean
  readonly desktop: boolean
  readonly forBrowser: readonly string[]
}

function readOptions(args: string[]): Options | string {
  try {
    const { values } = parseArgs({
      args,
      options: {
        browser: { type: 'boolean', default: false },
        desktop: { type: 'boolean', default: false },
        port: { type: 'string' },
        'no-open': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    const { help, desktop, port } = values
    const noOpen = values['no-open']
    return {
      help,
      desktop,
      // Only the browser shell has a port and an address to print.
      browser: values.browser || port !== undefined || noOpen,
      forBrowser: [...(port === undefined ? [] : ['--port', port]), ...(noOpen ? ['--no-open'] : [])],
    }
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n\n${HELP}`
  }
}

/** Opens the window and waits until it is closed: null. Or the reason, in a sentence, why there is none. */
async function openDesktop(isDownloadWanted: boolean): Promise<string | null> {
  const { platform, env } = process
  if (platform === 'linux' && !env['DISPLAY'] && !env['WAYLAND_DISPLAY']) return 'There is no display for a window.'
  if (platform === 'linux' && process.getuid?.() === 0) return 'Electron does not open windows for the root user.'
  if (electronBinary(root) === null && (isDownloadWanted || !wasDownloadTried(root))) {
    console.log('Downloading Electron for the studio’s own window (about 110 MB, once).')
    await downloadElectron(root)
  }
  const binary = electronBinary(root)
  if (binary === null) {
    return 'Electron’s binary could not be downloaded ("npm start -- --desktop" tries again).'
  }
  const startedAt = performance.now()
  const { code } = await runChild(binary, [root])
  if (code === 0 || performance.now() - startedAt > STILLBORN_MS) return null
  return `Electron does not start on this machine (exit code ${code}).`
}

/** Runs a shell of the studio in the terminal's foreground, passing on what asks the process to end. */
function runChild(command: string, args: readonly string[]): Promise<{ code: number }> {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit' })
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal)
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, pass)
  return new Promise((resolve) => {
    const settle = (code: number): void => {
      for (const signal of signals) process.off(signal, pass)
      resolve({ code })
    }
    child.on('error', () => {
      settle(127)
    })
    child.on('exit', (code, signal) => {
      settle(code ?? (signal === null ? 1 : 128))
    })
  })
}
