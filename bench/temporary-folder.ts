import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Gives `use` an empty folder that is gone afterwards, also when Ctrl+C ends the process: it may hold gigabytes. */
export async function inTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'latent-studio-bench-'))
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true })
  }
  const end = (): void => process.exit(130)
  process.on('exit', remove).on('SIGINT', end)
  try {
    return await use(folder)
  } finally {
    process.off('exit', remove).off('SIGINT', end)
    remove()
  }
}
