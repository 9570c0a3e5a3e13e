import * as z from 'zod'
import { comfySampling } from './comfyui.ts'
import type { Told } from './told.ts'

const Swarm = z.object({
  sui_image_params: z.looseObject({
    prompt: z.string(),
    negativeprompt: z.string().optional(),
    model: z.string().optional(),
  }),
})
const Fooocus = z.looseObject({
  prompt: z.string(),
  negative_prompt: z.string(),
  base_model: z.string(),
  resolution: z.string(),
  base_model_hash: z.string().optional(),
})

/**
 * What programs tell that keep JSON where AUTOMATIC1111 keeps its text: SwarmUI and Fooocus, both of ComfyUI's samplers;
 * null for other texts.
 */
export function jsonTold(text: string): Told | null {
  if (!text.trimStart().startsWith('{')) return null
  try {
    const found: unknown = JSON.parse(text)
    const swarm = Swarm.safeParse(found).data
    if (swarm) return swarmTold(swarm.sui_image_params)
    const fooocus = Fooocus.safeParse(found).data
    return fooocus ? fooocusTold(fooocus) : null
  } catch {
    return null
  }
}

/** As its documentation of the metadata says. */
function swarmTold(told: z.infer<typeof Swarm>['sui_image_params']): Told {
  return {
    program: 'SwarmUI',
    fields: {
      prompt: told.prompt,
      negativePrompt: told.negativeprompt,
      promptStyle: 'comfyui',
      seed: told['seed'],
      steps: told['steps'],
      guidanceScale: told['cfgscale'],
      widthPx: told['width'],
      heightPx: told['height'],
      ...comfySampling(told['sampler'], told['scheduler']),
      noise: 'torch-cpu',
    },
    modelName: told.model ?? null,
    left: [],
  }
}

function fooocusTold(told: z.infer<typeof Fooocus>): Told {
  const [, width, height] = /(\d+)\D+(\d+)/.exec(told.resolution) ?? []
  const styles = told['styles']
  return {
    program: 'Fooocus',
    fields: {
      prompt: told.prompt,
      negativePrompt: told.negative_prompt,
      promptStyle: 'a1111',
      seed: Number(told['seed']),
      steps: told['steps'],
      guidanceScale: told['guidance_scale'],
      widthPx: Number(width),
      heightPx: Number(height),
      ...comfySampling(told['sampler'], told['scheduler']),
      noise: 'torch-cpu',
    },
    modelName: told.base_model,
    modelHash: told.base_model_hash,
    // Styles have added words that are not among the prompt's.
    left: typeof styles === 'string' && styles !== '[]' ? [`styles ${styles}`] : [],
  }
}
