import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as z from 'zod'

const root = join(import.meta.dirname, '..', '..')

function read<S extends z.ZodType>(file: string, schema: S): z.infer<S> {
  return schema.parse(JSON.parse(readFileSync(join(root, file), 'utf8')))
}

// The package ships its binaries, but has a binding.gyp too: installing from a lock file, npm compiles it, and on a
// machine without a compiler the whole install fails. npm 11 is told by the manifest; older ones look for "gypfile" in
// the lock, from where "npm install" drops it whenever it writes the lock anew.
test('npm is told not to compile better-sqlite3', () => {
  const manifest = read('package.json', z.object({ allowScripts: z.record(z.string(), z.boolean()) }))
  expect(manifest.allowScripts['better-sqlite3']).toBe(false)
  const entry = z.object({ gypfile: z.boolean().optional() })
  const { packages } = read('package-lock.json', z.object({ packages: z.record(z.string(), entry) }))
  expect(packages['node_modules/better-sqlite3']?.gypfile, 'put "gypfile": false back into its entry').toBe(false)
})
