import * as z from 'zod'
import { PromptStyleId } from './generation.ts'
import { MemoryChoice } from './memory.ts'

/** What the user may set. Every field has a default, so an older or damaged file still opens. */
export const Settings = z.object({
  theme: z.enum(['system', 'light', 'dark']).default('system'),
  modelFolders: z.array(z.string()).default([]),
  /** Null lets the runtime choose: one a physical core. */
  threads: z.int().min(1).max(256).nullable().default(null),
  showPreviews: z.boolean().default(true),
  /** Sampling keeps two networks' passes in one batch unless this is off. */
  batchGuidance: z.boolean().default(true),
  /** How weights are held; `auto` is as float32 where that fits. */
  memoryUse: MemoryChoice.default('auto'),
  /** What a new draft's prompt is read as. */
  promptStyle: PromptStyleId.default('a1111'),
})
export type Settings = z.infer<typeof Settings>

export const SettingsPatch = z.object({
  theme: Settings.shape.theme.unwrap().optional(),
  modelFolders: Settings.shape.modelFolders.unwrap().optional(),
  threads: Settings.shape.threads.unwrap().optional(),
  showPreviews: Settings.shape.showPreviews.unwrap().optional(),
  batchGuidance: Settings.shape.batchGuidance.unwrap().optional(),
  memoryUse: Settings.shape.memoryUse.unwrap().optional(),
  promptStyle: Settings.shape.promptStyle.unwrap().optional(),
})
export type SettingsPatch = z.infer<typeof SettingsPatch>

/** What the shell can do, so that the window offers only that. */
export const StudioInfo = z.object({
  version: z.string(),
  shell: z.enum(['desktop', 'browser']),
  platform: z.string(),
  runtime: z.string(),
  galleryFolder: z.string(),
  dataFolder: z.string(),
  canChooseFolder: z.boolean(),
  canRevealFile: z.boolean(),
})
export type StudioInfo = z.infer<typeof StudioInfo>
