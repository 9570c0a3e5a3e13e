/** The names of each class, in the order of their numbers; the first is its own, the others say the same. */
export type ClassNames = readonly (readonly [string, ...string[]])[]

/** Classes of a list with one a line, its names parted by commas. */
export function parseClassNames(text: string): ClassNames {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [first = '', ...others] = line.split(',').map((name) => name.trim())
      return [first, ...others]
    })
}

/** The numbers of the classes that go by this name, whatever its case and article; those whose own it is come alone. */
export function classesNamed(text: string, names: ClassNames): readonly number[] {
  const wanted = plain(text)
  const numbers = (isNamed: (own: readonly string[]) => boolean) => names.flatMap((own, i) => (isNamed(own) ? [i] : []))
  const owners = numbers(([first = '']) => plain(first) === wanted)
  return owners.length > 0 ? owners : numbers((own) => own.some((name) => plain(name) === wanted))
}

/** Classes with a name that has all words of a text, at most `count` of them. */
export function classesLike(text: string, names: ClassNames, count: number): readonly number[] {
  const words = plain(text).split(' ')
  const found = names.flatMap((own, i) => {
    const isLike = own.some((name) => words.every((word) => plain(name).split(' ').includes(word)))
    return isLike ? [i] : []
  })
  return found.slice(0, count)
}

function plain(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .replace(/^(?:an?|the) /, '')
}
