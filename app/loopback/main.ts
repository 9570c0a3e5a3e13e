import { once } from 'node:events'
import open from 'open'
import { parseArgs } from 'node:util'
import { openStudio } from '../compose.ts'
import { interruption } from '../interrupt.ts'
import type { Claim } from '../instance.ts'
import { createLogger } from '../log.ts'
import { studioPaths } from '../paths.ts'
import { serveLoopback } from './server.ts'
import { claimOrVisit } from './visit.ts'

interface Options {
  readonly port: number
  readonly isOpened: boolean
}

const paths = studioPaths()
process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  const options = readOptions(args)
  if (typeof options === 'string') {
    say(options)
    return 2
  }
  const visit = await claimOrVisit(paths.instanceFile)
  if (visit.claim) return await runAs(visit.claim, options)
  if (visit.link === null) {
    say('Latent Studio is already open in its own window.')
    return 0
  }
  say(`Latent Studio is already running, at ${visit.link}`)
  if (options.isOpened) await openBrowser(visit.link)
  return 0
}

function readOptions(args: string[]): Options | string {
  try {
    const { values } = parseArgs({
      args,
      options: { port: { type: 'string', default: '0' }, 'no-open': { type: 'boolean', default: false } },
    })
    const port = Number(values.port)
    if (Number.isInteger(port) && port >= 0 && port < 65_536) return { port, isOpened: !values['no-open'] }
    return `--port: expected a number from 0 to 65535, found "${values.port}"`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function runAs(claim: Claim, options: Options): Promise<number> {
  try {
    await serve(claim, options)
    return 0
  } catch (error) {
    say(explain(error, options.port))
    return 1
  } finally {
    claim.release()
  }
}

async function serve(claim: Claim, { port, isOpened }: Options): Promise<void> {
  const ending = once(interruption(), 'abort')
  const logger = createLogger(paths.logs, true)
  const studio = await openStudio({ shell: 'browser', paths, logger })
  try {
    const loopback = await serveLoopback({ studio, port, rendererFolder: paths.rendererFolder, logger })
    claim.publish(loopback.port, loopback.secret)
    const link = loopback.newLink()
    say(`Latent Studio is open at ${link}\nIts pictures are kept in ${paths.gallery}. Ctrl+C ends it.`)
    if (isOpened) await openBrowser(link)
    await ending
    await loopback.close()
  } finally {
    await studio.close()
  }
}

async function openBrowser(link: string): Promise<void> {
  const apologise = (): void => {
    say('No browser could be opened from here; the address above works in any browser of this machine.')
  }
  await open(link).then((browser) => browser.on('error', apologise), apologise)
}

function explain(error: unknown, port: number): string {
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    return `--port: expected a free port, found ${port} in use by another program`
  }
  return `Latent Studio could not start: ${error instanceof Error ? error.message : String(error)}`
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
