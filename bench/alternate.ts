import { setTimeout } from 'node:timers/promises'

type Measure = () => Promise<number>

/** Threads that wait for more work by spinning are asleep after this. */
const REST_MS = 50

/**
 * Samples of several measurements taken in turn, A B C, C B A, A B C …, after one round that does not count: what changes
 * slowly (heat, other programs) falls on all of them alike.
 * @returns for each name its samples; those of one index were taken in one round
 */
export async function alternate<K extends string>(
  repeats: number,
  measures: Readonly<Record<K, Measure>>,
): Promise<Record<K, number[]>> {
  const names = Object.keys(measures) as K[]
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<K, number[]>
  for (const name of names) await measures[name]()
  for (let round = 0; round < repeats; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      await setTimeout(REST_MS)
      samples[name].push(await measures[name]())
    }
  }
  return samples
}

/** Milliseconds that `action` takes. */
export async function timed(action: () => unknown): Promise<number> {
  const start = performance.now()
  await action()
  return performance.now() - start
}
