import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Logger } from '../contract/failure.ts'
import { testModels } from '../checkpoint/test-models.ts'
import { scanFolders } from './scan.ts'

const { temporaryFolder } = testModels(onTestFinished)
const silent: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** A folder with these files, each with its own text where one is given. */
async function folderOf(files: readonly string[] | Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder()
  const all = files instanceof Array ? files.map((path): [string, string] => [path, '']) : Object.entries(files)
  for (const [path, text] of all) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  return folder
}

async function foundIn(root: string, ...others: string[]) {
  const { places } = await scanFolders([root, ...others], '/built-in', silent)
  return places.map(({ path, kind, hint, sidecars }) => ({
    path: relative(root, path).replaceAll('\\', '/'),
    kind,
    hint,
    sidecars: sidecars.map(({ role }) => role),
  }))
}

const pathsIn = async (root: string, ...others: string[]) => (await foundIn(root, ...others)).map(({ path }) => path)

describe('installations of other programs', () => {
  it('AUTOMATIC1111’s: its models, not its pictures, programs or caches', async () => {
    const root = await folderOf([
      'webui.py',
      'models/Stable-diffusion/photo.safetensors',
      'models/Lora/people/ink.safetensors',
      'models/VAE/soft.vae.pt',
      'models/ControlNet/canny.pth',
      'models/ESRGAN/4x.pth',
      'embeddings/cat.pt',
      'outputs/txt2img/1.safetensors',
      'venv/lib/torch.bin',
      'repositories/x/weights.pt',
    ])
    expect((await foundIn(root)).map(({ path, hint }) => [path, hint])).toEqual([
      ['models/Stable-diffusion/photo.safetensors', null],
      ['models/Lora/people/ink.safetensors', 'lora'],
      ['models/VAE/soft.vae.pt', 'autoencoder'],
      ['models/ControlNet/canny.pth', 'controlnet'],
      ['embeddings/cat.pt', 'embedding'],
    ])
  })

  it('ComfyUI’s, with the further folders that its configuration names', async () => {
    const elsewhere = await folderOf(['models/Lora/far.safetensors', 'checkpoints/other.ckpt'])
    const root = await folderOf({
      'models/checkpoints/photo.safetensors': '',
      'models/loras/ink.safetensors': '',
      'models/clip_vision/vit.safetensors': '',
      'models/ipadapter/face.bin': '',
      'models/upscale_models/4x.pth': '',
      'output/1.safetensors': '',
      'extra_model_paths.yaml': `a1111:\n  base_path: ${elsewhere}\n  loras: |\n    models/Lora\n    models/gone\n  checkpoints: checkpoints\n`,
    })
    expect(await pathsIn(root)).toEqual([
      'models/checkpoints/photo.safetensors',
      'models/loras/ink.safetensors',
      'models/ipadapter/face.bin',
      'models/clip_vision/vit.safetensors',
      relative(root, join(elsewhere, 'checkpoints/other.ckpt')),
      relative(root, join(elsewhere, 'models/Lora/far.safetensors')),
    ])
  })

  it('a configuration that does not parse adds nothing', async () => {
    const root = await folderOf({
      'models/checkpoints/photo.safetensors': '',
      'extra_model_paths.yaml': 'a: &a [*a, {',
    })
    expect(await pathsIn(root)).toEqual(['models/checkpoints/photo.safetensors'])
  })

  it('Stability Matrix’s shared folders, not the packages that link to them', async () => {
    const root = await folderOf([
      'Models/StableDiffusion/photo.safetensors',
      'Models/Lora/ink.safetensors',
      'Models/ApproxVAE/taesd_decoder.safetensors',
      'Models/Embeddings/cat.safetensors',
      'Packages/ComfyUI/models/checkpoints/photo.safetensors',
    ])
    expect(await pathsIn(root)).toEqual([
      'Models/StableDiffusion/photo.safetensors',
      'Models/Lora/ink.safetensors',
      'Models/ApproxVAE/taesd_decoder.safetensors',
      'Models/Embeddings/cat.safetensors',
    ])
  })

  it('the Hugging Face cache: of each repository what its main branch is at', async () => {
    const root = await folderOf({
      'hub/models--maker--photo/refs/main': 'new',
      'hub/models--maker--photo/snapshots/new/model_index.json': '{}',
      'hub/models--maker--photo/snapshots/old/model_index.json': '{}',
      'hub/models--maker--canny/snapshots/one/config.json': '{}',
      'hub/models--maker--canny/snapshots/one/diffusion_pytorch_model.safetensors': '',
      'hub/models--maker--canny/snapshots/one/diffusion_pytorch_model.bin': '',
      'hub/models--maker--canny/blobs/abc.bin': '',
      'hub/datasets--maker--cats/snapshots/one/model.safetensors': '',
    })
    expect((await foundIn(root)).map(({ path, kind }) => [path, kind])).toEqual([
      ['hub/models--maker--canny/snapshots/one', 'network'],
      ['hub/models--maker--photo/snapshots/new', 'model'],
    ])
  })
})

describe('folders of one’s own', () => {
  it('have files of every ending that weights have, and what bears their names beside them', async () => {
    const root = await folderOf([
      'a.safetensors',
      'a.json',
      'a.civitai.info',
      'a.cm-info.json',
      'a.preview.png',
      'a.png',
      'a.yaml',
      'ab.json',
      'b.gguf',
      'c.sft',
      'd.PTH',
      'notes.txt',
      'node_modules/e.bin',
      '.cache/f.ckpt',
    ])
    expect(await foundIn(root)).toEqual([
      {
        path: 'a.safetensors',
        kind: 'file',
        hint: null,
        sidecars: ['matrix', 'civitai', 'preview', 'notes', 'config', 'preview'],
      },
      { path: 'b.gguf', kind: 'file', hint: null, sidecars: [] },
      { path: 'c.sft', kind: 'file', hint: null, sidecars: [] },
      { path: 'd.PTH', kind: 'file', hint: null, sidecars: [] },
    ])
  })

  it('promise nothing by a name that only JavaScript knows', async () => {
    const root = await folderOf(['constructor/a.safetensors', '__proto__/b.safetensors'])
    expect((await foundIn(root)).map(({ hint }) => hint)).toEqual([null, null])
  })

  it('lead to each place once, through links and folders in folders', async () => {
    const root = await folderOf(['sub/a.safetensors'])
    await symlink(root, join(root, 'sub', 'loop'), 'junction')
    await symlink(join(root, 'sub/a.safetensors'), join(root, 'b.safetensors'))
    expect(await pathsIn(root, join(root, 'sub'))).toEqual(['b.safetensors'])
  })

  it('are watched even where they are not there', async () => {
    const root = await folderOf(['sub/a.safetensors'])
    const gone = join(root, 'gone')
    const { folders } = await scanFolders([root, gone], '/built-in', silent)
    expect(folders).toEqual([root, join(root, 'sub'), gone])
  })
})
