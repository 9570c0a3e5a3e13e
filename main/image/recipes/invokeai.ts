import * as z from 'zod'
import type { SamplerId, ScheduleId } from '../../contract/generation.ts'
import { loraTag, withTags } from './told.ts'
import type { Told } from './told.ts'

const Named = z.object({ name: z.string() })
const InvokeMetadata = z.object({
  positive_prompt: z.string().nullish(),
  negative_prompt: z.string().nullish(),
  seed: z.number().nullish(),
  steps: z.number().nullish(),
  cfg_scale: z.number().nullish(),
  cfg_rescale_multiplier: z.number().nullish(),
  width: z.number().nullish(),
  height: z.number().nullish(),
  scheduler: z.string().nullish(),
  rand_device: z.string().nullish(),
  clip_skip: z.number().nullish(),
  strength: z.number().nullish(),
  model: z
    .union([Named, z.object({ model_name: z.string() }).transform(({ model_name: name }) => ({ name }))])
    .nullish(),
  vae: Named.nullish(),
  loras: z.array(z.object({ model: Named, weight: z.number() })).nullish(),
})
type InvokeMetadata = z.infer<typeof InvokeMetadata>

/** Its schedulers without the `_k` that stands for Karras' levels. */
const SAMPLERS: Readonly<Record<string, SamplerId>> = {
  euler: 'euler',
  euler_a: 'euler-ancestral',
  heun: 'heun',
  kdpm_2: 'dpm2',
  kdpm_2_a: 'dpm2-ancestral',
  lms: 'lms',
  dpmpp_2m: 'dpmpp-2m',
  dpmpp_2m_sde: 'dpmpp-2m-sde',
  dpmpp_sde: 'dpmpp-sde',
  dpmpp_2s: 'dpmpp-2s',
  dpmpp_3m: 'dpmpp-3m',
  deis: 'deis',
  ddim: 'ddim',
  ddpm: 'ddpm',
  pndm: 'pndm',
  lcm: 'lcm',
  tcd: 'tcd',
  unipc: 'unipc',
}

/** What the text under `invokeai_metadata` says; null where it is none. */
export function readInvokeMetadata(text: string): InvokeMetadata | null {
  try {
    return InvokeMetadata.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}

/** What a picture of InvokeAI tells. */
export function invokeTold(metadata: InvokeMetadata): Told {
  const { scheduler = null, cfg_rescale_multiplier: rescale, strength, vae, clip_skip: skipped } = metadata
  const [, name = '', karras] = /^(.*?)(_k)?$/.exec(scheduler ?? '') ?? []
  const schedule: ScheduleId = karras ? 'karras' : 'normal'
  return {
    program: 'InvokeAI',
    fields: {
      prompt: withTags(
        metadata.positive_prompt ?? '',
        (metadata.loras ?? []).map(({ model, weight }) => loraTag(model.name, weight)),
      ),
      negativePrompt: metadata.negative_prompt,
      promptStyle: 'invokeai',
      seed: metadata.seed,
      steps: metadata.steps,
      guidanceScale: metadata.cfg_scale,
      widthPx: metadata.width,
      heightPx: metadata.height,
      ...(scheduler === null ? {} : { sampler: SAMPLERS[name] ?? scheduler, schedule }),
      noise: metadata.rand_device === 'cuda' ? 'philox' : 'torch-cpu',
      // It counts the layers left out, not the one listened to.
      clipSkip: skipped ? skipped + 1 : undefined,
    },
    modelName: metadata.model?.name ?? null,
    left: [
      ...(rescale ? [`guidance rescale ${rescale}`] : []),
      ...(typeof strength === 'number' ? [`strength ${strength}`] : []),
      ...(vae ? [`VAE ${vae.name}`] : []),
    ],
  }
}
