import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Whether a folder with a model_index.json holds graphs instead of weights. */
export async function isOnnxFolder(folder: string): Promise<boolean> {
  const unet = join(folder, 'unet')
  const names = await readdir(unet).catch((): string[] => [])
  return names.includes('model.onnx') && !names.some((name) => name.endsWith('.safetensors') || name.endsWith('.bin'))
}
