#!/usr/bin/env node
// Runs forge from npm with this package's foundry.toml, whatever the caller's folder, and with the Node that runs this
// script on the PATH for the compiler wrapper: `node packages/contracts/script/forge.mjs test`.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = join(dirname(fileURLToPath(import.meta.url)), '../../..')
const forge = createRequire(import.meta.url).resolve('@foundry-rs/forge/bin.mjs')
const { status, signal } = spawnSync(process.execPath, [forge, ...process.argv.slice(2)], {
  cwd: repository,
  env: {
    ...process.env,
    FOUNDRY_CONFIG: join(repository, 'packages/contracts/foundry.toml'),
    PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`,
  },
  stdio: 'inherit',
})
process.exitCode = signal ? 1 : (status ?? 1)
