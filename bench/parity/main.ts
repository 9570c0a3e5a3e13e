import { readdir, stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import type { ParityCase, ParityKind } from './case.ts'
import { metadataCases } from './metadata.ts'
import { networkCases } from './networks.ts'
import { noiseCases } from './noise.ts'
import { pipelineCases } from './pipelines.ts'
import { promptCases } from './prompts.ts'
import { samplerCases } from './samplers.ts'
import { tokenizerCases } from './tokenizer.ts'

/** Every kind of reference folder that is understood; a folder may be of several. */
const kinds: readonly ParityKind[] = [
  tokenizerCases,
  promptCases,
  metadataCases,
  samplerCases,
  noiseCases,
  networkCases,
  pipelineCases,
]

const roots = process.argv.slice(2)
if (roots.length === 0) {
  console.error('usage: npm run parity -- FOLDER...   (folders laid out like bench/parity/fixtures)')
  process.exit(2)
}

const counts = { passed: 0, failed: 0, skipped: 0 }
for (const root of roots) await visit(resolve(root), resolve(root))
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
if (counts.passed + counts.failed + counts.skipped === 0)
  console.error(`no reference folder was recognised under ${roots.join(', ')}`)
process.exitCode = counts.failed > 0 || counts.passed + counts.failed + counts.skipped === 0 ? 1 : 0

/** Runs the cases of `folder` when a kind knows it, else looks into its subfolders. */
async function visit(folder: string, root: string): Promise<void> {
  if (!(await stat(folder)).isDirectory()) throw new Error(`${folder}: expected a folder of reference data`)
  let isKnown = false
  for (const kind of kinds) {
    const cases = await kind(folder)
    if (cases === null) continue
    isKnown = true
    for (const parityCase of cases) await report(`${relative(join(root, '..'), folder)} ${parityCase.name}`, parityCase)
  }
  if (isKnown) return
  const entries = await readdir(folder, { withFileTypes: true })
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name))
  if (folders.length === 0) {
    counts.skipped++
    console.log(`skip  ${relative(join(root, '..'), folder)}: no supported kind of reference data was recognised here`)
  }
  for (const inner of folders.sort()) await visit(inner, root)
}

async function report(name: string, parityCase: ParityCase): Promise<void> {
  try {
    const outcome = await parityCase.run()
    if ('skipped' in outcome) {
      counts.skipped++
      console.log(`skip  ${name}: ${outcome.skipped}`)
      return
    }
    const isGood = outcome.error <= outcome.tolerance
    counts[isGood ? 'passed' : 'failed']++
    console.log(
      `${isGood ? 'pass' : 'FAIL'}  ${name}: error ${outcome.error.toExponential(2)}, tolerance ${outcome.tolerance.toExponential(2)}`,
    )
  } catch (error) {
    counts.failed++
    console.log(`FAIL  ${name}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
