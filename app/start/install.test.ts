import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as z from 'zod'

const root = join(import.meta.dirname, '..', '..')

function read<S extends z.ZodType>(file: string, schema: S): z.infer<S> {
  return schema.parse(JSON.parse(readFileSync(join(root, file), 'utf8')))
}

// See lock.js, which keeps the second of the two.
test('npm is told not to compile better-sqlite3', () => {
  const manifest = read('package.json', z.object({ allowScripts: z.record(z.string(), z.boolean()) }))
  expect(manifest.allowScripts['better-sqlite3']).toBe(false)
  const entry = z.object({ gypfile: z.boolean().optional() })
  const { packages } = read('package-lock.json', z.object({ packages: z.record(z.string(), entry) }))
  expect(packages['node_modules/better-sqlite3']?.gypfile, 'run node app/start/lock.js').toBe(false)
})
