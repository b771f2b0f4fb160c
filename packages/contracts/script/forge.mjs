#!/usr/bin/env node
// Runs forge from npm with this package's foundry.toml, whatever the caller's folder, and with the Node that runs this
// script on the PATH for the compiler wrapper: `node packages/contracts/script/forge.mjs test`. The binary is started
// itself, since the npm package's launcher loses its exit code.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = join(dirname(fileURLToPath(import.meta.url)), '../../..')
const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`
const executable = process.platform === 'win32' ? 'forge.exe' : 'forge'
const launcher = createRequire(import.meta.url).resolve('@foundry-rs/forge/package.json')
const forge = createRequire(launcher).resolve(`@foundry-rs/forge-${platform}/bin/${executable}`)

const { status, error } = spawnSync(forge, process.argv.slice(2), {
  cwd: repository,
  env: {
    ...process.env,
    FOUNDRY_CONFIG: join(repository, 'packages/contracts/foundry.toml'),
    PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`,
  },
  stdio: 'inherit',
})
if (error) process.stderr.write(`forge.mjs: ${error.message}\n`)
process.exitCode = status ?? 1
