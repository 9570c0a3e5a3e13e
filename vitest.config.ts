import { svelte } from '@sveltejs/vite-plugin-svelte'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import { chromiumLaunchOptions } from './e2e/chromium.ts'

const launchOptions = await chromiumLaunchOptions()

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          include: ['{main,app,bench,.ci}/**/*.test.ts'],
          environment: 'node',
          // Real networks, databases and processes on a busy machine; what hangs is still found.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        plugins: [svelte({ configFile: false })],
        test: {
          name: 'browser',
          include: ['renderer/**/*.test.ts'],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
})
