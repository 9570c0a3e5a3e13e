/** A piece of a prompt and how much of it. */
export interface Fragment {
  readonly text: string
  /** 1 is as it stands. */
  readonly weight: number
  /** Where it begins in the prompt as typed, in UTF-16 units. */
  readonly start: number
}

/** Neighbours of the same weight as one. */
export function merged(fragments: readonly Fragment[], between = ''): Fragment[] {
  const kept: Fragment[] = []
  for (const fragment of fragments) {
    const last = kept.at(-1)
    if (last?.weight === fragment.weight) kept[kept.length - 1] = { ...last, text: last.text + between + fragment.text }
    else kept.push(fragment)
  }
  return kept
}
