#!/usr/bin/env node
// The one file that any Node can read: it finds a Node that runs the studio, then hands over.
//   node app/launch.js start [options]     builds when needed and opens the studio (npm start)
//   latent-studio <command> [options]      the command line
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The first Node that reads TypeScript as it is. */
const NEEDED = [22, 18]

const here = dirname(fileURLToPath(import.meta.url))

if (isNewEnough(process.versions.node)) {
  await run()
} else {
  handOver(bundledNode())
}

async function run() {
  if (process.argv[2] === 'start') {
    process.argv.splice(2, 1)
    await import('./start/main.ts')
    return
  }
  // A build that is older than the sources would be another studio than the one that was asked for.
  const { isBuilt } = await import('./start/build.ts')
  const root = join(here, '..')
  await (isBuilt(root) ? import(pathToFileURL(join(root, 'out', 'main', 'cli.js')).href) : import('./cli/main.ts'))
}

/** @param {string} version */
function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])
}

/** The Node that `npm install` puts into the project, or null where there was none or its script was not allowed to run. */
function bundledNode() {
  const folder = join(here, '..', 'node_modules', 'node')
  const binary = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  return existsSync(binary) ? binary : null
}

/** @param {string | null} node */
function handOver(node) {
  if (node === null) {
    process.stderr.write(
      `Latent Studio needs Node ${NEEDED.join('.')} or newer, found ${process.versions.node}. ` +
        'Its own copy is missing: run "npm install", with install scripts allowed, or install a newer Node.\n',
    )
    process.exitCode = 1
    return
  }
  // A terminal sends Ctrl+C to both; the child decides what it means.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  child.on('error', (error) => {
    process.stderr.write(`${node} could not be started: ${error.message}\n`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1)
  })
}
