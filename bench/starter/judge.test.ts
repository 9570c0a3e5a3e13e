import { expect, test } from 'vitest'
import { readCases } from './cases.ts'
import type { Kind } from './cases.ts'
import { openJudge } from './judge.ts'
import { verdict } from './scores.ts'

/** Verdicts on real pictures of a group, in shares. */
async function shares(kind: Kind) {
  const judge = await openJudge(1)
  const cases = await readCases(kind, 40)
  const verdicts = await Promise.all(cases.map((asked) => verdict(judge, asked.real, asked)))
  await judge.release()
  const share = (count: number) => count / cases.length
  return {
    first: share(verdicts.filter(({ first }) => first).length),
    colour: share(verdicts.filter(({ colour }) => colour === true).length),
  }
}

test('the judge names the things in real pictures it has not learned from', async () => {
  expect((await shares('nouns')).first).toBeGreaterThan(0.85)
})

test('it names both things of a scene, each on its side', async () => {
  expect((await shares('scenes')).first).toBeGreaterThan(0.7)
})

test('it tells the colours of things and of grounds', async () => {
  expect((await shares('colours')).colour).toBeGreaterThan(0.85)
  expect((await shares('grounds')).colour).toBeGreaterThan(0.9)
})

test('a picture is not named by what another shows', async () => {
  const judge = await openJudge(1)
  const cases = await readCases('nouns', 40)
  const hits = await Promise.all(
    cases.map((asked, i) => verdict(judge, cases[(i + 1) % cases.length]?.real ?? asked.real, asked)),
  )
  await judge.release()
  expect(hits.filter(({ first }) => first).length).toBeLessThan(2)
})
