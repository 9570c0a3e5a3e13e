import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

vi.setConfig({ testTimeout: 60_000 })

let home: string
let started: Shell[]

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'loopback-home-'))
  started = []
})
afterEach(async () => {
  for (const { child, exited } of started) {
    child.kill('SIGTERM')
    await exited
  }
  rmSync(home, { recursive: true, force: true, maxRetries: 5 })
})

interface Shell {
  child: ChildProcess
  exited: Promise<number | null>
  output: () => string
  /** Resolves with the address it prints, or undefined when it ends without one. */
  link: Promise<string | undefined>
}

function start(...args: string[]): Shell {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), '--no-open', ...args], {
    env: { ...process.env, LATENT_STUDIO_HOME: home },
  })
  let output = ''
  const link = Promise.withResolvers<string | undefined>()
  const hear = (chunk: Buffer): void => {
    output += chunk.toString()
    const found = /http:\/\/\S+/.exec(output)?.[0]
    if (found) link.resolve(found)
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const exited = once(child, 'close').then(([code]) => code as number | null)
  void exited.then(() => {
    link.resolve(undefined)
  })
  const shell = { child, exited, output: () => output, link: link.promise }
  started.push(shell)
  return shell
}

async function admits(link: string | undefined): Promise<boolean> {
  const response = await fetch(link ?? '', { redirect: 'manual' })
  return response.status === 303
}

const port = (link: string | undefined): string => new URL(link ?? '').port

test('a second start over the same data gets a link to the first, and the first goes on', async () => {
  const first = start()
  const firstLink = await first.link
  const second = start()
  const secondLink = await second.link
  expect(await second.exited).toBe(0)
  expect(port(secondLink)).toBe(port(firstLink))
  expect(secondLink).not.toBe(firstLink)
  expect(await admits(secondLink)).toBe(true)
  expect(await admits(firstLink)).toBe(true)
})

test('two starts at the same moment make one studio', async () => {
  const [one, other] = [start(), start()]
  expect(port(await one.link)).toBe(port(await other.link))
})

test.skipIf(process.platform === 'win32')(
  'asked to end, it closes, leaves nothing running and frees the data',
  async () => {
    const shell = start()
    const link = await shell.link
    shell.child.kill('SIGINT')
    expect(await shell.exited).toBe(0)
    expect(existsSync(join(home, 'instance.json'))).toBe(false)
    await expect(fetch(link ?? '')).rejects.toThrow()
    expect(await start().link).toBeDefined()
  },
)

test('what a killed studio left behind does not keep the next one out', async () => {
  const first = start()
  const firstLink = await first.link
  const left = readFileSync(join(home, 'instance.json'), 'utf8')
  first.child.kill('SIGKILL')
  await first.exited
  // Its number now belongs to another program that runs, this one.
  writeFileSync(join(home, 'instance.json'), JSON.stringify({ ...JSON.parse(left), pid: process.pid }))
  const link = await start().link
  expect(port(link)).not.toBe(port(firstLink))
  expect(await admits(link)).toBe(true)
})

test('a port of the user’s choice is used, and one that is taken is named', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const address = taken.address()
  const number = typeof address === 'object' && address ? String(address.port) : ''
  const refused = start('--port', number)
  expect(await refused.exited).toBe(1)
  expect(refused.output()).toContain(`--port: expected a free port, found ${number} in use`)
  await new Promise((resolve) => taken.close(resolve))
  expect(port(await start('--port', number).link)).toBe(number)
})

test.each([
  [['--port', 'eighty'], '--port: expected a number from 0 to 65535, found "eighty"'],
  [['--port', '70000'], '--port: expected a number from 0 to 65535, found "70000"'],
  [['--loud'], '--loud'],
])('%j is not understood: exit code 2', async (args, message) => {
  const shell = start(...args)
  expect(await shell.exited).toBe(2)
  expect(shell.output()).toContain(message)
})
