/** What a file beside a model tells: its owner's notes, what Civitai says, its picture, or how the network is built. */
export type SidecarRole = 'notes' | 'civitai' | 'matrix' | 'preview' | 'config'

const PICTURES = ['png', 'jpg', 'jpeg', 'webp']

/** Endings that follow a model's name, the longer of two that fit first. */
const ENDINGS: readonly (readonly [ending: string, role: SidecarRole])[] = [
  ['.cm-info.json', 'matrix'],
  ['.civitai.info', 'civitai'],
  ...PICTURES.map((picture) => [`.preview.${picture}`, 'preview'] as const),
  ['.json', 'notes'],
  ['.yaml', 'config'],
  ['.yml', 'config'],
  ...PICTURES.map((picture) => [`.${picture}`, 'preview'] as const),
]

/** The model's name that a file beside it bears, and what it tells; null for a file of another kind. */
export function sidecarOf(name: string): { stem: string; role: SidecarRole; rank: number } | null {
  const lower = name.toLowerCase()
  const rank = ENDINGS.findIndex(([ending]) => lower.length > ending.length && lower.endsWith(ending))
  const found = ENDINGS[rank]
  return found ? { stem: name.slice(0, -found[0].length), role: found[1], rank } : null
}
