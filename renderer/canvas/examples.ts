/** A prompt for the built-in model that is known to work, with the seed that was looked at. */
export interface Example {
  readonly prompt: string
  readonly seed: number
  /** Its picture, where the project carries one. */
  readonly url: string | undefined
}

const pictures = import.meta.glob<string>('../examples/*.webp', { eager: true, query: '?url', import: 'default' })

const prompts: readonly (readonly [name: string, prompt: string, seed: number])[] = [
  ['apple', 'a red apple', 4],
  ['sailboat', 'a sailboat, ocean, sunny day', 5],
  ['sunflower', 'a sunflower on a blue background', 4],
  ['house', 'a house, sunset, grass', 1],
  ['penguin', 'a penguin on a green background', 4],
  ['rocket', 'a rocket on a blue background', 2],
  ['castle', 'a castle', 3],
  ['heart', 'a red heart on a yellow background', 3],
  ['umbrella', 'a purple umbrella', 4],
  ['cake', 'a birthday cake', 2],
]

/** What the empty canvas offers. */
export const examples: readonly Example[] = prompts.map(([name, prompt, seed]) => ({
  prompt,
  seed,
  url: pictures[`../examples/${name}.webp`],
}))
