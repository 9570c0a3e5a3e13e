import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/**
 * Builds the studio and runs every test: Vitest (mathematics, files, components in a browser), then Playwright on the
 * built studio. Closes with one line of counts; the exit code is 1 when anything failed or nothing ran.
 */

interface Counts {
  passed: number
  failed: number
  skipped: number
}

const root = path.resolve(import.meta.dirname, '..')
const reports = mkdtempSync(path.join(tmpdir(), 'latent-studio-tests-'))

/** Runs a package's program on this Node, output straight to the terminal; true when it exits 0. */
function run(program: string, args: string[], env: NodeJS.ProcessEnv = {}): boolean {
  console.log(`\n> ${path.basename(program, path.extname(program))} ${args.join(' ')}`)
  const file = path.join(root, 'node_modules', program)
  const { status } = spawnSync(process.execPath, [file, ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  return status === 0
}

function report(name: string): unknown {
  try {
    return JSON.parse(readFileSync(path.join(reports, name), 'utf8'))
  } catch {
    return {}
  }
}

function vitest(): Counts {
  const isOk = run('vitest/vitest.mjs', [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${path.join(reports, 'vitest.json')}`,
  ])
  const counts = report('vitest.json') as Record<string, number | undefined>
  const failed = counts['numFailedTests'] ?? 0
  return {
    passed: counts['numPassedTests'] ?? 0,
    // A file that does not load fails no test of its own.
    failed: isOk ? failed : Math.max(1, failed),
    skipped: counts['numPendingTests'] ?? 0,
  }
}

function playwright(): Counts {
  const isOk = run('@playwright/test/cli.js', ['test', '--reporter=list,json'], {
    PLAYWRIGHT_JSON_OUTPUT_FILE: path.join(reports, 'playwright.json'),
  })
  const { stats = {} } = report('playwright.json') as { stats?: Record<string, number | undefined> }
  const failed = (stats['unexpected'] ?? 0) + (stats['flaky'] ?? 0)
  return { passed: stats['expected'] ?? 0, failed: isOk ? failed : Math.max(1, failed), skipped: stats['skipped'] ?? 0 }
}

const isBuilt = run('electron-vite/bin/electron-vite.js', ['build'])
const runs = isBuilt ? [vitest(), playwright()] : [{ passed: 0, failed: 1, skipped: 0 }]
rmSync(reports, { recursive: true, force: true })

const sum = (key: keyof Counts): number => runs.reduce((total, counts) => total + counts[key], 0)
console.log(`\n${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`)
process.exitCode = sum('failed') > 0 || sum('passed') === 0 ? 1 : 0
