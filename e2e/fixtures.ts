import AxeBuilder from '@axe-core/playwright'
import { expect, test as base, type Page } from '@playwright/test'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startStudio, type StartedStudio } from './shells.ts'

/** The studio under test. */
export interface Studio extends Omit<StartedStudio, 'page' | 'close' | 'kill'> {
  /** The folder of all of its data. */
  readonly home: string
  /** The window as it is now; another one after a restart. */
  readonly page: Page
  /** Ends the studio and starts it again over the same data. */
  restart(how?: 'as a user does' | 'by kill -9'): Promise<void>
}

interface Fixtures {
  home: string
  studio: Studio
  page: Page
}

/**
 * Each test has a studio of its own, in layers: a temporary folder for all of its data, the studio started over it,
 * its window. An error in the page or on its console fails the test; on a failure the studio's log is attached.
 */
export const test = base.extend<Fixtures>({
  home: async ({}, use, testInfo) => {
    const home = mkdtempSync(path.join(tmpdir(), 'latent-studio-e2e-'))
    await use(home)
    const log = path.join(home, 'logs', 'studio.log')
    if (testInfo.status !== testInfo.expectedStatus && existsSync(log)) {
      await testInfo.attach('studio.log', { body: readFileSync(log, 'utf8'), contentType: 'text/plain' })
    }
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  },

  studio: async ({ home, browser }, use, testInfo) => {
    const complaints: string[] = []
    const start = async (): Promise<StartedStudio> => {
      const started = await startStudio({ home, browser })
      listenForErrors(started.page, complaints)
      return started
    }
    let running = await start()
    await use({
      home,
      get page() {
        return running.page
      },
      output: () => running.output(),
      killEngine: () => running.killEngine(),
      async restart(how = 'as a user does') {
        await (how === 'by kill -9' ? running.kill() : running.close())
        running = await start()
      },
    })
    if (testInfo.status !== testInfo.expectedStatus) {
      await testInfo.attach('output', { body: running.output(), contentType: 'text/plain' })
      await testInfo.attach('window', { body: await running.page.screenshot(), contentType: 'image/png' })
    }
    await running.close()
    expect(complaints, 'errors in the page').toEqual([])
  },

  page: async ({ studio }, use) => {
    await use(studio.page)
  },
})

function listenForErrors(page: Page, complaints: string[]): void {
  page.on('pageerror', (error) => complaints.push(error.stack ?? error.message))
  page.on('console', (message) => {
    const { url } = message.location()
    // The browser itself notes each refused request; a picture the studio refuses is answered so, and that is no error.
    const isRefusal = url.endsWith('/input') && message.text().includes('status of 400')
    if (message.type() === 'error' && !isRefusal) complaints.push(`${message.text()} (${url})`)
  })
}

/** Fails with what axe finds wrong in the page as it is. Legacy mode needs no second page, which Electron cannot open. */
export async function expectNoViolations(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze()
  const found = violations.map(
    ({ id, help, nodes }) => `${id}: ${help}\n${nodes.map(({ html }) => `  ${html}`).join('\n')}`,
  )
  expect(found, `axe in ${where}`).toEqual([])
}

export { expect }
