import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Apart from the other tests, since these need what `sst` installs. */
export default defineConfig({
  root: join(import.meta.dirname, '../..'),
  test: { include: ['test/stacks/**/*.test.ts'], maxWorkers: 1, testTimeout: 120_000, hookTimeout: 300_000 },
})
