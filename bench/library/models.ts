import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { readSafetensors } from '../../main/checkpoint/safetensors.ts'

/** A model's single file, whose header stands for those of all. */
const MODEL = join(import.meta.dirname, '../parity/fixtures/tiny-sd1-ldm/model.safetensors')

type Header = Record<string, { dtype: string; shape: readonly number[]; data_offsets: readonly [number, number] }>

/**
 * Fills an A1111 installation's folders with models and LoRAs: whole headers, and holes where the weights would be, so
 * that a thousand take no room.
 */
export async function writeLibrary(root: string, counts: { models: number; loras: number }): Promise<void> {
  const models = join(root, 'models', 'Stable-diffusion')
  const loras = join(root, 'models', 'Lora')
  await mkdir(models, { recursive: true })
  await mkdir(loras, { recursive: true })
  const { entries } = await readSafetensors(MODEL)
  const model = headerOf([...entries.values()].map(({ name, shape }) => [name, shape]))
  const lora = headerOf(loraTensors())
  for (let i = 0; i < counts.models; i++) await write(join(models, `model ${i}.safetensors`), model)
  for (let i = 0; i < counts.loras; i++) await write(join(loras, `style ${i}.safetensors`), lora)
}

/** One more model. */
export async function writeModel(root: string, name: string): Promise<void> {
  const { entries } = await readSafetensors(MODEL)
  const header = headerOf([...entries.values()].map(({ name, shape }) => [name, shape]))
  await write(join(root, 'models', 'Stable-diffusion', `${name}.safetensors`), header)
}

/** The tensors of a LoRA of rank 8 over the attention of Stable Diffusion 1's U-Net, by kohya's names. */
function loraTensors(): [string, readonly number[]][] {
  const places = [320, 640, 1280].flatMap((width, level) =>
    ['down', 'up'].flatMap((way) => [0, 1].map((i) => ({ width, at: `${way}_blocks_${level}_attentions_${i}` }))),
  )
  const layers = ['attn1_to_q', 'attn1_to_k', 'attn1_to_v', 'attn1_to_out_0', 'attn2_to_q', 'attn2_to_k', 'attn2_to_v']
  return places.flatMap(({ width, at }) =>
    [...layers, 'attn2_to_out_0', 'ff_net_0_proj', 'ff_net_2'].flatMap((layer): [string, readonly number[]][] => {
      const stem = `lora_unet_${at}_transformer_blocks_0_${layer}`
      const columns = /attn2_to_[kv]/.test(layer) ? 768 : width
      return [
        [`${stem}.alpha`, []],
        [`${stem}.lora_down.weight`, [8, columns]],
        [`${stem}.lora_up.weight`, [width, 8]],
      ]
    }),
  )
}

function headerOf(tensors: readonly (readonly [string, readonly number[]])[]): Header {
  let end = 0
  const header: Header = {}
  for (const [name, shape] of tensors) {
    const begin = end
    end += shape.reduce((product, dimension) => product * dimension, 2)
    header[name] = { dtype: 'F16', shape, data_offsets: [begin, end] }
  }
  return header
}

async function write(path: string, header: Header): Promise<void> {
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  const dataBytes = Math.max(...Object.values(header).map(({ data_offsets: [, end] }) => end))
  const file = await open(path, 'w')
  try {
    await file.write(Buffer.concat([length, text]))
    await file.truncate(length.length + text.length + dataBytes)
  } finally {
    await file.close()
  }
}
