import { existsSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { findNative } from './packages/runtimes/src/native/findNative.ts'
import { findJava } from './packages/store-aws/src/testing/findJava.ts'
import { findPip } from './packages/store-aws/src/testing/findPip.ts'

/** Tests on emulators of AWS. CI has what they need, or fails. */
const missing = process.env.CI ? [] : [findJava(), findPip()].filter((line) => line !== null)
if (missing.length > 0) console.error(`Skipped: tests of the AWS adapters and functions. ${missing.join('. ')}.`)
/** Tests of the native runtime, which the step `native` builds before them. */
const native = process.env.CI !== undefined || existsSync(findNative()?.binary ?? '')
if (!native) console.error('Skipped: tests with the native runtime (*.native.test.ts). Build it: npm run build:native.')
const onEmulators = ['packages/store-aws/**', 'functions/**', 'test/aws/**', 'test/bench/**']

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'functions/**/*.test.ts', 'test/**/*.test.ts', 'examples/*/**/*.test.ts'],
    // test/stacks has a configuration and a step of its own.
    exclude: [
      '**/node_modules/**',
      '**/dist/**',
      '**/target/**',
      'test/stacks/**',
      ...(missing.length === 0 ? [] : onEmulators),
      ...(native ? [] : ['**/*.native.test.ts']),
    ],
    // Tests start anvil and child processes: more workers than cores would only time each other out.
    maxWorkers: 2,
    // Real chains and processes on a shared machine: what fails there twice more is a failure.
    retry: process.env.CI ? 2 : 0,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
