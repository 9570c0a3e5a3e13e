import { dirname, join } from 'node:path'
import * as z from 'zod'
import { readJsonFile } from '../../json-file.ts'
import type { TensorIndex } from '../../tensor-index.ts'
import { underscored } from './keys.ts'
import type { LoraTarget } from './keys.ts'

/** PEFT's options, of which these set how strong an adapter is. */
const AdapterConfig = z.looseObject({
  lora_alpha: z.number().nullish(),
  use_rslora: z.boolean().nullish(),
  alpha_pattern: z.record(z.string(), z.number()).nullish(),
})
type AdapterConfig = z.infer<typeof AdapterConfig>

/** The networks' names in diffusers' metadata, before each option. */
const PREFIXES: readonly (readonly [prefix: string, target: LoraTarget])[] = [
  ['unet.', 'unet'],
  ['text_encoder.', 0],
  ['text_encoder_2.', 1],
]

/** The scale of a module of this rank that has no alpha of its own. */
export type DefaultScale = (target: LoraTarget, module: string, rank: number) => number

/**
 * PEFT's files hold no alphas: diffusers writes the adapters' options into the metadata, PEFT into adapter_config.json
 * beside the file, of which other files of the folder are none of its business. Where neither is there, alpha is the rank.
 */
export async function readDefaultScale({ file, entries, metadata }: TensorIndex): Promise<DefaultScale> {
  const isOfPeft = [...entries.keys()].some((name) => name.startsWith('base_model.model.'))
  const options = fromMetadata(metadata['lora_adapter_metadata']) ?? (isOfPeft ? await fromFile(file) : NOTHING_SAID)
  return (target, module, rank) => {
    const config = options.get(target)
    if (!config) return 1
    const pattern = Object.entries(config.alpha_pattern ?? {}).find(([name]) =>
      `_${module}`.endsWith(`_${underscored(name)}`),
    )
    const alpha = pattern?.[1] ?? config.lora_alpha ?? rank
    return alpha / (config.use_rslora ? Math.sqrt(rank) : rank)
  }
}

type Options = ReadonlyMap<LoraTarget, AdapterConfig>

const NOTHING_SAID: Options = new Map()

function fromMetadata(text: string | undefined): Options | null {
  const fields = text === undefined ? undefined : parsed(text)
  if (typeof fields !== 'object' || fields === null) return null
  const options = new Map<LoraTarget, AdapterConfig>()
  for (const [prefix, target] of PREFIXES) {
    const own = Object.entries(fields).filter(([name]) => name.startsWith(prefix))
    const config = AdapterConfig.safeParse(
      Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value])),
    )
    if (own.length > 0 && config.success) options.set(target, config.data)
  }
  return options
}

async function fromFile(file: string): Promise<Options> {
  const config = await readJsonFile(join(dirname(file), 'adapter_config.json'), AdapterConfig).catch(() => null)
  return config === null ? NOTHING_SAID : new Map(PREFIXES.map(([, target]) => [target, config]))
}

/** What is no JSON says nothing. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
