import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ParityCase, ParityKind } from './case.ts'
import { DiffusersManifest, diffusersCases } from './samplers/diffusers.ts'
import { KDiffusionManifest, kDiffusionCases } from './samplers/k-diffusion.ts'

/**
 * Sampler runs on an analytic model: a folder whose manifest records runs of diffusers' schedulers or of k-diffusion's
 * samplers, or a folder of nothing but such folders.
 */
export const samplerCases: ParityKind = async (folder) => {
  const own = await manifestCases(folder)
  if (own !== null) return own
  const inner = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  const cases: ParityCase[] = []
  for (const { name } of inner) {
    const found = await manifestCases(join(folder, name))
    if (found === null) return null
    cases.push(...found.map((parityCase) => ({ ...parityCase, name: `${name} ${parityCase.name}` })))
  }
  return inner.length === 0 ? null : cases
}

async function manifestCases(folder: string): Promise<ParityCase[] | null> {
  const text = await readFile(join(folder, 'manifest.json'), 'utf8').catch(() => null)
  if (text === null) return null
  const manifest: unknown = JSON.parse(text)
  const diffusers = DiffusersManifest.safeParse(manifest)
  if (diffusers.success) return diffusersCases(folder, diffusers.data)
  const kDiffusion = KDiffusionManifest.safeParse(manifest)
  return kDiffusion.success ? kDiffusionCases(folder, kDiffusion.data) : null
}
