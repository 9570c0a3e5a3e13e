import type { GalleryChange, ImageId } from '../../main/contract/image.ts'

/** Several changes, in the order they were told, as the one that leads to the same gallery. */
export function mergeChanges(changes: readonly GalleryChange[]): GalleryChange {
  const fates = new Map<ImageId, keyof GalleryChange>()
  for (const { added, changed, removed } of changes) {
    for (const id of added) fates.set(id, 'added')
    for (const id of changed) if (!fates.has(id)) fates.set(id, 'changed')
    for (const id of removed) fates.set(id, 'removed')
  }
  const withFate = (fate: keyof GalleryChange) => [...fates].filter(([, other]) => other === fate).map(([id]) => id)
  return { added: withFate('added'), changed: withFate('changed'), removed: withFate('removed') }
}
