import { resolve } from 'node:path'
import { StudioError } from '../../main/contract/failure.ts'
import type { GenerationRequest, InputId } from '../../main/contract/generation.ts'
import type { PartKind } from '../../main/contract/part.ts'
import type { Library } from '../../main/library/library.ts'
import type { PartsAsked } from './part-options.ts'

type Joined = Partial<Pick<GenerationRequest, 'vae' | 'unet' | 'loras' | 'controls' | 'imagePrompts' | 'refiner'>>
type KeepInput = (file: string, option: string) => Promise<InputId>

interface Found {
  readonly id: string
  readonly name: string
  readonly path: string
}

/**
 * The parts that a command line names, found in the library, with their pictures kept.
 * @throws StudioError model-missing for a name that is not there, not-found for a picture that is not
 */
export async function findParts(asked: PartsAsked, library: Library, keepInput: KeepInput): Promise<Joined> {
  const part = (name: string, kind: PartKind, option: string): string =>
    found(
      library.parts().filter((other) => other.kind === kind),
      name,
      option,
    )
  const loras = asked.loras.map(({ name, ...use }) => ({ id: part(name, 'lora', 'lora'), ...use }))
  const controls = await inOrder(asked.controls, async ({ name, file, ...use }) => ({
    id: part(name, 'controlnet', 'control'),
    image: await keepInput(file, 'control'),
    ...use,
  }))
  const imagePrompts = await inOrder(asked.imagePrompts, async ({ name, file, ...use }) => ({
    id: part(name, 'ip-adapter', 'image-prompt'),
    image: await keepInput(file, 'image-prompt'),
    ...use,
  }))
  const { vae, unet, refiner } = asked
  return {
    ...(vae === undefined ? {} : { vae: part(vae, 'autoencoder', 'vae') }),
    ...(unet === undefined ? {} : { unet: part(unet, 'unet', 'unet') }),
    ...(loras.length === 0 ? {} : { loras }),
    ...(controls.length === 0 ? {} : { controls }),
    ...(imagePrompts.length === 0 ? {} : { imagePrompts }),
    ...(refiner ? { refiner: { model: found(library.list(), refiner.name, 'refiner'), start: refiner.start } } : {}),
  }
}

async function inOrder<T, U>(list: readonly T[], one: (item: T) => Promise<U>): Promise<U[]> {
  const made: U[] = []
  for (const item of list) made.push(await one(item))
  return made
}

/** By id, by name whatever the case, or by where it lies. */
function found(all: readonly Found[], name: string, option: string): string {
  const path = resolve(name)
  const one =
    all.find(({ id }) => id === name) ??
    all.find((other) => other.name.toLowerCase() === name.toLowerCase()) ??
    all.find((other) => other.path === path)
  if (one) return one.id
  const known = all.length === 0 ? 'one in a model folder' : `one of ${all.map((other) => other.name).join(', ')}`
  throw new StudioError('model-missing', `--${option}: expected ${known}, found "${name}"`)
}
