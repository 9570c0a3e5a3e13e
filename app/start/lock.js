// npm runs this after it changed node_modules (the "dependencies" script of package.json).
//
// better-sqlite3 ships its binaries and says "gypfile": false, but npm drops that from the lock file, and installing
// from the lock then compiles the package, which fails on a machine without a compiler. npm 11 is told by
// "allowScripts" in package.json; older ones read the field where this puts it back.
import { readFileSync, writeFileSync } from 'node:fs'

const file = new URL('../../package-lock.json', import.meta.url)
const text = readFileSync(file, 'utf8')
const lock = JSON.parse(text)
const entry = lock.packages['node_modules/better-sqlite3']
if (entry && entry.gypfile !== false) {
  entry.gypfile = false
  delete entry.hasInstallScript
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
}
