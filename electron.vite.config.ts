import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'electron-vite'

// One bundle an entry process; whatever two of them share becomes a chunk beside them. Packages stay outside the
// bundles, native ones must, but zod is bundled: it is many small files, and every start would read them.
const entries = {
  desktop: 'app/desktop/main.ts',
  loopback: 'app/loopback/main.ts',
  cli: 'app/cli/main.ts',
  'studio-process': 'app/studio-process.ts',
}

export default defineConfig({
  main: {
    build: {
      target: 'node22',
      externalizeDeps: { exclude: ['zod'] },
      sourcemap: true,
      rolldownOptions: {
        input: entries,
        // How long plug-ins take on a busy machine is nothing for a person who starts the studio to read.
        checks: { bundlerTimings: false },
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      target: 'node22',
      // A sandboxed preload is one CommonJS file that can require nothing but Electron.
      externalizeDeps: false,
      rolldownOptions: {
        input: { preload: 'app/desktop/preload.ts' },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: 'renderer',
    plugins: [svelte({ configFile: false })],
    build: {
      target: 'es2022',
      minify: true,
      // Read from this machine's disk, not over a network.
      chunkSizeWarningLimit: 2000,
      rolldownOptions: { input: 'renderer/index.html', checks: { bundlerTimings: false } },
    },
  },
})
