import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [{ test: { name: 'node', include: ['main/**/*.test.ts', 'app/**/*.test.ts', 'bench/**/*.test.ts'], environment: 'node' } }],
  },
})
