import { stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { parse } from 'yaml'
import * as z from 'zod'
import { readText } from '../checkpoint/json-file.ts'
import type { PartKind } from '../contract/part.ts'

/** A folder in which models lie. What its name promises only counts for a file that cannot be read. */
export interface ModelFolder {
  readonly path: string
  readonly hint: PartKind | null
}

/** Folders of the programs people keep their models in, by what those call them, and the kind of file in each. */
const HINTS: Readonly<Record<string, PartKind>> = {
  lora: 'lora',
  loras: 'lora',
  lycoris: 'lora',
  vae: 'autoencoder',
  vae_approx: 'autoencoder',
  'vae-approx': 'autoencoder',
  approxvae: 'autoencoder',
  embeddings: 'embedding',
  textualinversion: 'embedding',
  controlnet: 'controlnet',
  ipadapter: 'ip-adapter',
  ipadapters15: 'ip-adapter',
  ipadaptersxl: 'ip-adapter',
  clip_vision: 'image-encoder',
  clipvision: 'image-encoder',
  // ComfyUI's names for U-Nets by themselves, earlier and now.
  unet: 'unet',
  diffusion_models: 'unet',
}

/** Installations, by a folder that only they have, and where in them models lie. */
const INSTALLATIONS: readonly { readonly mark: string; readonly folders: readonly string[] }[] = [
  {
    // AUTOMATIC1111's and its forks
    mark: 'models/Stable-diffusion',
    folders: [
      'models/Stable-diffusion',
      'models/Lora',
      'models/LyCORIS',
      'models/VAE',
      'models/VAE-approx',
      'models/ControlNet',
      'models/diffusers',
      'embeddings',
      'extensions/sd-webui-controlnet/models',
    ],
  },
  {
    // ComfyUI
    mark: 'models/checkpoints',
    folders: [
      'models/checkpoints',
      'models/diffusers',
      'models/loras',
      'models/vae',
      'models/vae_approx',
      'models/embeddings',
      'models/controlnet',
      'models/ipadapter',
      'models/clip_vision',
      'models/unet',
      'models/diffusion_models',
    ],
  },
  {
    // Stability Matrix
    mark: 'Models/StableDiffusion',
    folders: [
      'Models/StableDiffusion',
      'Models/Diffusers',
      'Models/Lora',
      'Models/LyCORIS',
      'Models/VAE',
      'Models/ApproxVAE',
      'Models/Embeddings',
      'Models/TextualInversion',
      'Models/ControlNet',
      'Models/IpAdapter',
      'Models/IpAdapters15',
      'Models/IpAdaptersXl',
      'Models/ClipVision',
    ],
  },
]

const EXTRA_PATHS = 'extra_model_paths.yaml'
const MAX_YAML_BYTES = 100_000
/** What ComfyUI's file calls the folders that hold what the studio uses. */
const EXTRA_KEYS = [
  'checkpoints',
  'diffusers',
  'loras',
  'vae',
  'vae_approx',
  'embeddings',
  'controlnet',
  'ipadapter',
  'clip_vision',
  'unet',
  'diffusion_models',
]

/** What a folder's name promises of the files in it. */
export function folderHint(path: string): PartKind | null {
  const name = basename(path).toLowerCase()
  return Object.hasOwn(HINTS, name) ? (HINTS[name] ?? null) : null
}

/**
 * The folders with models of the installation whose root this is, so that its pictures and programs need not be walked;
 * null for the root of no known one.
 * @param names what lies in the folder
 */
export async function installationFolders(root: string, names: readonly string[]): Promise<ModelFolder[] | null> {
  const found: ModelFolder[] = []
  for (const { mark, folders } of INSTALLATIONS) {
    if (!names.includes(dirname(mark)) || !(await isFolder(join(root, mark)))) continue
    for (const folder of folders) {
      const path = join(root, folder)
      if (await isFolder(path)) found.push({ path, hint: folderHint(path) })
    }
  }
  if (found.length === 0) return null
  return names.includes(EXTRA_PATHS) ? [...found, ...(await extraFolders(join(root, EXTRA_PATHS)))] : found
}

const ExtraPaths = z.record(z.string(), z.record(z.string(), z.unknown()))

/** Further folders that ComfyUI's configuration names; none for a file that does not parse. */
async function extraFolders(file: string): Promise<ModelFolder[]> {
  const sections = ExtraPaths.safeParse(await readYaml(file))
  if (!sections.success) return []
  const paths = Object.values(sections.data).flatMap((section) => {
    const base = resolve(dirname(file), text(section['base_path']))
    return EXTRA_KEYS.flatMap((key) =>
      lines(section[key]).map((line) => ({ path: isAbsolute(line) ? resolve(line) : join(base, line), key })),
    )
  })
  const found: ModelFolder[] = []
  for (const { path, key } of paths) if (await isFolder(path)) found.push({ path, hint: HINTS[key] ?? null })
  return found
}

async function readYaml(file: string): Promise<unknown> {
  try {
    return parse(await readText(file, MAX_YAML_BYTES), { maxAliasCount: 0 })
  } catch {
    // Its owner's program will complain; the folders of the installation itself are found without it.
    return null
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : ''
}

function lines(value: unknown): string[] {
  return text(value)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
