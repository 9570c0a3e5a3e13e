import { StudioError } from '../../contract/failure.ts'

/** Files that guide by a picture in another way, by names of theirs. */
const OTHERS: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: 'a ControlNet-LLLite', pattern: /^lllite_/ },
  { what: 'a control LoRA, which holds parts of its layers only', pattern: /^lora_controlnet$/ },
  {
    what: 'a ControlNet Union of several controls',
    pattern: /(?:^|\.)(?:task_embedding|control_add_embedding)(?:\.|$)/,
  },
  {
    what: 'a T2I-Adapter',
    pattern: /^(?:adapter\.)?body\.\d+\.(?:resnets\.\d+\.|in_conv\.|block1\.|block2\.)/,
  },
  {
    what: 'an inpainting ControlNet with a mask of its own (BrushNet)',
    pattern: /^(?:brushnet_|conv_in_condition\.)/,
  },
  { what: 'a ControlNet of SparseCtrl', pattern: /motion_modules\./ },
  {
    what: 'a ControlNet of Stable Diffusion 3 or Flux',
    pattern: /(?:^|\.)(?:joint_blocks|double_blocks|controlnet_blocks|transformer_blocks\.0\.norm1_context)\./,
  },
]

/** Why what guides by a picture is not run, where it is another kind than a ControlNet; null for a ControlNet. */
export function controlProblem(names: Iterable<string>): string | null {
  const all = [...names]
  const other = OTHERS.find(({ pattern }) => all.some((name) => pattern.test(name)))
  return other ? `expected a ControlNet, found ${other.what}, which is not run` : null
}

/** @throws StudioError checkpoint-unsupported for kinds of control that are no ControlNet, naming the kind */
export function refuseOtherControls(path: string, names: Iterable<string>): void {
  const problem = controlProblem(names)
  if (problem !== null) throw new StudioError('checkpoint-unsupported', `${path}: ${problem}`)
}
