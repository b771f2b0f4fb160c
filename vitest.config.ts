import { defineConfig } from 'vitest/config'
import { findJava } from './packages/store-aws/src/testing/findJava.ts'

/** Tests on emulators of AWS. CI has what they need, or fails. */
const noJava = process.env.CI ? null : findJava()
if (noJava !== null) console.error(`Skipped: tests of the AWS adapters and functions. ${noJava}.`)
const onEmulators = ['packages/store-aws/**', 'functions/**', 'test/aws/**']

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'functions/**/*.test.ts', 'test/**/*.test.ts', 'examples/*/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/target/**', ...(noJava === null ? [] : onEmulators)],
    // Tests start anvil and child processes: more workers than cores would only time each other out.
    maxWorkers: 2,
    // Real chains and processes on a shared machine: what fails there twice more is a failure.
    retry: process.env.CI ? 2 : 0,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
