import { setTimeout as sleep } from 'node:timers/promises'
import { claimInstance, readOwner, type Claim, type Owner } from '../instance.ts'

/** Either the right to run here, or where the studio that has it can be visited: a link, or null for a window of its own. */
export type Visit = { readonly claim: Claim } | { readonly claim: null; readonly link: string | null }

const ASK_TIMEOUT_MS = 3000
const START_TIMEOUT_MS = 10_000

/** Claims the data folder for this browser shell, or asks the studio that has it for a link. */
export async function claimOrVisit(instanceFile: string): Promise<Visit> {
  const first = claimInstance(instanceFile, 'browser')
  if (first.claim) return { claim: first.claim }
  if (first.owner.shell === 'desktop') return { claim: null, link: null }
  const link = await askForLink(await whenListening(instanceFile, first.owner))
  if (link !== null) return { claim: null, link }
  // The number of its process runs, but as some other program: what it left behind is taken over.
  const second = claimInstance(instanceFile, 'browser', first.owner.pid)
  return second.claim ? { claim: second.claim } : { claim: null, link: await askForLink(second.owner) }
}

// Two starts in quick succession: the first has claimed the folder and is still opening it.
async function whenListening(instanceFile: string, owner: Owner): Promise<Owner> {
  const until = owner.startedAt + START_TIMEOUT_MS
  let now = owner
  while (now.port === null && now.pid === owner.pid && Date.now() < until) {
    await sleep(100)
    now = readOwner(instanceFile) ?? now
  }
  return now
}

async function askForLink({ port, secret }: Owner): Promise<string | null> {
  if (port === null || secret === null) return null
  try {
    const response = await fetch(`http://127.0.0.1:${port}/link`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}` },
      signal: AbortSignal.timeout(ASK_TIMEOUT_MS),
    })
    return response.ok ? await response.text() : null
  } catch {
    return null
  }
}
