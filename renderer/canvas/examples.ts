/** A prompt for the built-in model that is known to work, with the seed that was looked at. */
export interface Example {
  readonly prompt: string
  readonly seed: number
  /** Its picture, where the project carries one. */
  readonly url: string | undefined
}

const pictures = import.meta.glob<string>('../examples/*.webp', { eager: true, query: '?url', import: 'default' })

const prompts: readonly (readonly [name: string, prompt: string, seed: number])[] = [
  ['apple', 'a red apple', 8],
  ['sailboat', 'a sailboat, ocean, sunset', 5],
  ['sunflower', 'a sunflower on a blue background', 4],
  ['robot', 'a robot', 4],
  ['heart', 'a red heart on a yellow background', 5],
  ['penguin', 'a penguin on a green background', 4],
  ['pizza', 'a pizza on a blue background', 8],
  ['guitar', 'a guitar on a yellow background', 2],
  ['car', 'a red car on a white background', 4],
  ['face', 'a happy face', 6],
]

/** What the empty canvas offers. */
export const examples: readonly Example[] = prompts.map(([name, prompt, seed]) => ({
  prompt,
  seed,
  url: pictures[`../examples/${name}.webp`],
}))
