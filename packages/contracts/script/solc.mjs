#!/usr/bin/env node
// The compiler as forge calls it (`--version`, `--standard-json` on standard input), from the npm package of solc:
// its native builds are not in the npm registry.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const solc = createRequire(import.meta.url)('solc')

if (process.argv.includes('--version')) {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`)
} else if (process.argv.includes('--standard-json')) {
  process.stdout.write(solc.compile(readFileSync(0, 'utf8')))
} else {
  process.stderr.write('solc.mjs: expected --version or --standard-json\n')
  process.exitCode = 1
}
