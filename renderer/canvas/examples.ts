/** A prompt for the built-in model that is known to work, with the seed that was looked at. */
export interface Example {
  readonly prompt: string
  readonly seed: number
  /** Its picture, where the project carries one. */
  readonly url: string | undefined
}

const pictures = import.meta.glob<string>('../examples/*.webp', { eager: true, query: '?url', import: 'default' })

const prompts: readonly (readonly [name: string, prompt: string, seed: number])[] = [
  ['apple', 'a red apple', 7],
  ['rocket', 'a rocket at night', 3],
  ['house', 'a house, sunset, grass', 11],
  ['sunflower', 'a sunflower on a blue background', 5],
  ['penguin', 'a penguin on a green background', 2],
  ['castle', 'a castle in the hills, sunny day', 4],
  ['sailboat', 'a sailboat, ocean, sunset', 9],
  ['snowman', 'a snowman in the snow, night sky', 6],
  ['heart', 'a red heart on a yellow background', 1],
  ['balloon', 'a red balloon over a house, blue sky', 8],
]

/** What the empty canvas offers. */
export const examples: readonly Example[] = prompts.map(([name, prompt, seed]) => ({
  prompt,
  seed,
  url: pictures[`../examples/${name}.webp`],
}))
