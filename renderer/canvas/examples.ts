/** A prompt for the built-in model that is known to work, with the seed that was looked at. */
export interface Example {
  readonly prompt: string
  readonly seed: number
  /** Its picture, where the project carries one. */
  readonly url: string | undefined
}

const pictures = import.meta.glob<string>('../examples/*.webp', { eager: true, query: '?url', import: 'default' })

const prompts: readonly (readonly [name: string, prompt: string, seed: number])[] = [
  ['rocket', 'a rocket on a dark blue background', 2],
  ['apple', 'a red apple', 2],
  ['castle', 'a castle on a pink background', 2],
  ['penguin', 'a penguin on a light blue background', 1],
  ['sailboat', 'a sailboat, ocean, sunset', 2],
  ['guitar', 'a guitar on a teal background', 1],
  ['house', 'a house in the hills, sunset', 1],
  ['umbrella', 'an umbrella on a yellow background', 1],
  ['pizza', 'a pizza on a blue background', 2],
  ['face', 'a happy face on a light blue background', 1],
]

/** What the empty canvas offers. */
export const examples: readonly Example[] = prompts.map(([name, prompt, seed]) => ({
  prompt,
  seed,
  url: pictures[`../examples/${name}.webp`],
}))
