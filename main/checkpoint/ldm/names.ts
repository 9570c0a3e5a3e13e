import type { AutoencoderConfig, UnetConfig } from '../config.ts'
import type { NameMap } from '../weights.ts'

/** Prefixes of the three networks in a single file of the original Stable Diffusion code. */
export const LDM_UNET = 'model.diffusion_model.'
export const LDM_AUTOENCODER = 'first_stage_model.'

type Rename = readonly [pattern: RegExp, replacement: string | ((...groups: string[]) => string)]

/** The original U-Net counts all blocks of a way in one row: `layersPerBlock` (one more on the way up) and a resize a level. */
export function ldmUnetNames(config: UnetConfig): NameMap {
  const down = config.layersPerBlock + 1
  const up = config.layersPerBlock + 1
  const levels = config.blockChannels.length
  const hasUpTransformer = (i: number) => (config.upTransformerDepth[levels - 1 - i] ?? 0) > 0
  const input = (i: string, offset: number) => `input_blocks.${Number(i) * down + offset}`
  const output = (i: string, offset: number) => `output_blocks.${Number(i) * up + offset}`

  const blocks: Rename[] = [
    [/^conv_in\./, 'input_blocks.0.0.'],
    [/^time_embedding\.linear_1\./, 'time_embed.0.'],
    [/^time_embedding\.linear_2\./, 'time_embed.2.'],
    [/^time_embedding\.cond_proj\./, 'time_embed.cond_proj.'],
    [/^add_embedding\.linear_1\./, 'label_emb.0.0.'],
    [/^add_embedding\.linear_2\./, 'label_emb.0.2.'],
    [/^conv_norm_out\./, 'out.0.'],
    [/^conv_out\./, 'out.2.'],
    [/^down_blocks\.(\d+)\.resnets\.(\d+)\./, (_, i = '', j = '') => `${input(i, 1 + Number(j))}.0.`],
    [/^down_blocks\.(\d+)\.attentions\.(\d+)\./, (_, i = '', j = '') => `${input(i, 1 + Number(j))}.1.`],
    [/^down_blocks\.(\d+)\.downsamplers\.0\.conv\./, (_, i = '') => `${input(i, down)}.0.op.`],
    [/^mid_block\.resnets\.0\./, 'middle_block.0.'],
    [/^mid_block\.attentions\.0\./, 'middle_block.1.'],
    [/^mid_block\.resnets\.1\./, 'middle_block.2.'],
    [/^up_blocks\.(\d+)\.resnets\.(\d+)\./, (_, i = '', j = '') => `${output(i, Number(j))}.0.`],
    [/^up_blocks\.(\d+)\.attentions\.(\d+)\./, (_, i = '', j = '') => `${output(i, Number(j))}.1.`],
    [
      /^up_blocks\.(\d+)\.upsamplers\.0\.conv\./,
      (_, i = '') => `${output(i, up - 1)}.${hasUpTransformer(Number(i)) ? 2 : 1}.conv.`,
    ],
  ]
  const layers: Rename[] = [
    [/\.norm1\.(\w+)$/, '.in_layers.0.$1'],
    [/\.conv1\./, '.in_layers.2.'],
    [/\.time_emb_proj\./, '.emb_layers.1.'],
    [/\.norm2\.(\w+)$/, '.out_layers.0.$1'],
    [/\.conv2\./, '.out_layers.3.'],
    [/\.conv_shortcut\./, '.skip_connection.'],
  ]
  return (name) => {
    const inner = name.includes('.resnets.') ? rename(name, layers) : name
    // Some mergers leave this one, which the original code never had, by diffusers' name.
    const others = name.startsWith('time_embedding.cond_proj.') ? [LDM_UNET + name] : []
    return [LDM_UNET + rename(inner, blocks), ...others]
  }
}

/** The original autoencoder counts the decoder's levels from the highest resolution, diffusers from the lowest. */
export function ldmAutoencoderNames(config: AutoencoderConfig): NameMap {
  const last = config.blockChannels.length - 1
  const renames: Rename[] = [
    [/\.down_blocks\.(\d+)\.resnets\.(\d+)\./, '.down.$1.block.$2.'],
    [/\.down_blocks\.(\d+)\.downsamplers\.0\./, '.down.$1.downsample.'],
    [/\.up_blocks\.(\d+)\.resnets\.(\d+)\./, (_, i = '', j = '') => `.up.${last - Number(i)}.block.${j}.`],
    [/\.up_blocks\.(\d+)\.upsamplers\.0\./, (_, i = '') => `.up.${last - Number(i)}.upsample.`],
    [/\.mid_block\.resnets\.0\./, '.mid.block_1.'],
    [/\.mid_block\.resnets\.1\./, '.mid.block_2.'],
    [/\.mid_block\.attentions\.0\./, '.mid.attn_1.'],
    [/\.down_blocks\.(\d+)\.attentions\.(\d+)\./, '.down.$1.attn.$2.'],
    [/\.up_blocks\.(\d+)\.attentions\.(\d+)\./, (_, i = '', j = '') => `.up.${last - Number(i)}.attn.${j}.`],
    [/\.group_norm\./, '.norm.'],
    [/\.to_([qkv])\./, '.$1.'],
    [/\.to_out\.0\./, '.proj_out.'],
    [/\.conv_norm_out\./, '.norm_out.'],
    [/\.conv_shortcut\./, '.nin_shortcut.'],
  ]
  return (name) => {
    let renamed = name
    for (const step of renames) renamed = rename(renamed, [step])
    return [LDM_AUTOENCODER + renamed]
  }
}

/** The first rule that matches, applied. */
function rename(name: string, renames: readonly Rename[]): string {
  for (const [pattern, replacement] of renames) {
    if (pattern.test(name)) {
      return typeof replacement === 'string' ? name.replace(pattern, replacement) : name.replace(pattern, replacement)
    }
  }
  return name
}
