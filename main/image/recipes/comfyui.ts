import * as z from 'zod'
import type { SamplerId, ScheduleId } from '../../contract/generation.ts'
import { loraTag, withTags } from './told.ts'
import type { Told, ToldFields } from './told.ts'

/** [node, output]: where an input comes from. */
const Link = z.tuple([z.union([z.string(), z.int()]).transform(String), z.int()])
const Node = z.object({ class_type: z.string(), inputs: z.record(z.string(), z.unknown()) })
const Graph = z.record(z.string(), Node)
type Node = z.infer<typeof Node>
type Graph = z.infer<typeof Graph>

const SAMPLERS: Readonly<Record<string, SamplerId>> = {
  euler: 'euler',
  euler_ancestral: 'euler-ancestral',
  heun: 'heun',
  dpm_2: 'dpm2',
  dpm_2_ancestral: 'dpm2-ancestral',
  lms: 'lms',
  dpm_fast: 'dpm-fast',
  dpm_adaptive: 'dpm-adaptive',
  dpmpp_2s_ancestral: 'dpmpp-2s-ancestral',
  dpmpp_sde: 'dpmpp-sde',
  dpmpp_2m: 'dpmpp-2m',
  dpmpp_2m_sde: 'dpmpp-2m-sde',
  dpmpp_2m_sde_heun: 'dpmpp-2m-sde-heun',
  dpmpp_3m_sde: 'dpmpp-3m-sde',
  ddpm: 'ddpm',
  ddim: 'ddim',
  lcm: 'lcm',
  deis: 'deis',
  uni_pc: 'unipc-bh1',
  uni_pc_bh2: 'unipc',
}
const SCHEDULES: Readonly<Record<string, ScheduleId>> = {
  normal: 'normal',
  karras: 'karras',
  exponential: 'exponential',
  sgm_uniform: 'sgm-uniform',
  simple: 'simple',
  ddim_uniform: 'ddim-uniform',
  beta: 'beta',
}
/** Of a graph that are looked at for one question: more than any that makes pictures has. */
const MOST_NODES = 500

/** What the sampler of a graph was given, its links followed. */
export interface ComfyPicture {
  readonly positive: string | null
  readonly negative: string | null
  readonly seed: unknown
  readonly steps: unknown
  readonly cfg: unknown
  readonly sampler_name: unknown
  readonly scheduler: unknown
  readonly denoise: unknown
  readonly checkpoint: string | null
  readonly width: unknown
  readonly height: unknown
  readonly loras: readonly { readonly name: string; readonly weight: number }[]
}

/** The graph that ComfyUI runs, from the text under `prompt`; null where it is none. */
export function readGraph(text: string): Graph | null {
  try {
    return Graph.safeParse(parsed(text)).data ?? null
  } catch {
    return null
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Python writes numbers that JSON has no word for.
    return JSON.parse(text.replace(/-?\b(?:NaN|Infinity)\b/g, 'null'))
  }
}

/** Follows the links of the sampler whose picture was saved; null where the graph has none that says its steps. */
export function comfyPicture(graph: Graph): ComfyPicture | null {
  const sampler = lastSampler(graph)
  if (!sampler) return null
  const value = (name: string) => plain(graph, sampler.inputs[name])
  const model = upstream(graph, sampler.inputs['model'], 'model')
  const latent = upstream(graph, sampler.inputs['latent_image'], 'samples', 'latent', 'pixels')
  const size = latent.find(({ inputs }) => inputs['width'] !== undefined && inputs['height'] !== undefined)
  const loader = model.find(({ inputs }) => typeof (inputs['ckpt_name'] ?? inputs['unet_name']) === 'string')
  return {
    positive: words(graph, sampler.inputs['positive']),
    negative: words(graph, sampler.inputs['negative']),
    seed: value('seed') ?? value('noise_seed'),
    steps: value('steps'),
    cfg: value('cfg'),
    sampler_name: value('sampler_name'),
    scheduler: value('scheduler'),
    denoise: value('denoise'),
    checkpoint: loader ? String(loader.inputs['ckpt_name'] ?? loader.inputs['unet_name']) : null,
    width: size && plain(graph, size.inputs['width']),
    height: size && plain(graph, size.inputs['height']),
    loras: model.flatMap(({ inputs }) => {
      const { lora_name: name, strength_model: weight } = inputs
      return typeof name === 'string' ? [{ name, weight: typeof weight === 'number' ? weight : 1 }] : []
    }),
  }
}

/** ComfyUI's sampler and scheduler, which programs built on it name alike; unknown ones stay, to be told. */
export function comfySampling(sampler: unknown, scheduler: unknown): Pick<ToldFields, 'sampler' | 'schedule'> {
  const name = typeof sampler === 'string' ? sampler.replace(/_gpu$/, '') : sampler
  return { sampler: SAMPLERS[String(name)] ?? name, schedule: SCHEDULES[String(scheduler)] ?? scheduler }
}

/** What a picture of ComfyUI tells. */
export function comfyTold(picture: ComfyPicture): Told {
  const { denoise, checkpoint, loras } = picture
  const tags = loras.map(({ name, weight }) => loraTag(name, weight))
  return {
    program: 'ComfyUI',
    fields: {
      prompt: withTags(picture.positive ?? '', tags),
      negativePrompt: picture.negative ?? '',
      promptStyle: 'comfyui',
      seed: picture.seed,
      steps: picture.steps,
      guidanceScale: picture.cfg,
      widthPx: picture.width,
      heightPx: picture.height,
      ...comfySampling(picture.sampler_name, picture.scheduler),
      noise: 'torch-cpu',
    },
    modelName: checkpoint,
    left: typeof denoise === 'number' && denoise < 1 ? [`denoise ${denoise}`] : [],
  }
}

/** The last of its samplers: one whose latents no other one goes on from. */
function lastSampler(graph: Graph): Node | undefined {
  const samplers = Object.entries(graph)
    .filter(([, { inputs }]) => inputs['steps'] !== undefined && inputs['positive'] !== undefined)
    .slice(0, MOST_NODES)
  const taken = new Set(samplers.flatMap(([, { inputs }]) => [...behind(graph, inputs['latent_image'])]))
  return (samplers.find(([id]) => !taken.has(id)) ?? samplers[0])?.[1]
}

/** The ids of all nodes that an input depends on. */
function behind(graph: Graph, input: unknown): ReadonlySet<string> {
  const found = new Set<string>()
  const inputs = [input]
  while (inputs.length > 0 && found.size < MOST_NODES) {
    const [id] = Link.safeParse(inputs.pop()).data ?? []
    if (id === undefined || found.has(id)) continue
    found.add(id)
    inputs.push(...Object.values(graph[id]?.inputs ?? {}))
  }
  return found
}

/** The nodes behind an input, one after the other, along the first of these inputs that each has. */
function upstream(graph: Graph, input: unknown, ...along: readonly string[]): Node[] {
  const nodes: Node[] = []
  for (let next = input; nodes.length < MOST_NODES;) {
    const [id] = Link.safeParse(next).data ?? []
    const node = id === undefined ? undefined : graph[id]
    if (!node) break
    nodes.push(node)
    next = along.map((name) => node.inputs[name]).find((found) => found !== undefined)
  }
  return nodes
}

/** An input's value, or that of the node it comes from, as of a number or a text that stands alone. */
function plain(graph: Graph, input: unknown): unknown {
  const [id] = Link.safeParse(input).data ?? []
  if (id === undefined) return input
  const { inputs = {} } = graph[id] ?? {}
  return inputs['value'] ?? inputs['seed'] ?? inputs['int'] ?? inputs['text'] ?? inputs['string']
}

/** The words behind a conditioning, those of joined ones one after the other. */
function words(graph: Graph, input: unknown, seen = new Set<string>()): string | null {
  const [id = ''] = Link.safeParse(input).data ?? []
  const node = graph[id]
  if (!node || seen.has(id) || seen.size === MOST_NODES) return null
  seen.add(id)
  const text = plain(graph, node.inputs['text'] ?? node.inputs['text_g'] ?? node.inputs['string'])
  if (typeof text === 'string') return text
  const parts = Object.entries(node.inputs)
    .filter(([name]) => /^(?:conditioning|positive|negative)/.test(name))
    .flatMap(([, next]) => words(graph, next, seen) ?? [])
  return parts.length === 0 ? null : parts.join(', ')
}
