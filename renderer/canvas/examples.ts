/** A prompt for the built-in model that is known to work, with the seed that was looked at. */
export interface Example {
  readonly prompt: string
  readonly seed: number
  /** Its picture, where the project carries one. */
  readonly url: string | undefined
}

const pictures = import.meta.glob<string>('../examples/*.webp', { eager: true, query: '?url', import: 'default' })

const prompts: readonly (readonly [name: string, prompt: string, seed: number])[] = [
  ['rocket', 'a rocket on a dark blue background', 3],
  ['castle', 'a castle in the hills, sunset', 2],
  ['lion', 'a lion on a yellow background', 2],
  ['penguin', 'a penguin in the snow, starry night', 2],
  ['cactus', 'a cactus on a pink background', 2],
  ['sailboat', 'a sailboat, ocean, sunset', 2],
  ['hamburger', 'a hamburger on a light blue background', 2],
  ['balloon', 'a balloon above a house, sunny day, hills', 2],
  ['umbrella', 'a purple umbrella on a white background', 2],
  ['apple', 'a red apple', 3],
]

/** What the empty canvas offers. */
export const examples: readonly Example[] = prompts.map(([name, prompt, seed]) => ({
  prompt,
  seed,
  url: pictures[`../examples/${name}.webp`],
}))
