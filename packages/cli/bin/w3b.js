#!/usr/bin/env node
// Plain JavaScript, so that an older Node can still read it: it hands over to the Node that the project installs.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NEEDED = 24

/** @returns the Node that npm installed beside us, or null */
function installedNode() {
  const { resolve } = createRequire(import.meta.url)
  // The platform's own package first: `node` copies from it by an install script, which may not have been allowed to run.
  for (const name of [`node-${process.platform}-${process.arch}`, 'node'])
    for (const file of ['node', 'node.exe']) {
      try {
        const path = join(dirname(resolve(`${name}/package.json`)), 'bin', file)
        if (existsSync(path)) return path
      } catch {
        // Not installed: the next one may be.
      }
    }
  return null
}

if (Number.parseInt(process.versions.node, 10) >= NEEDED) {
  const { main } = await import('../src/main.ts')
  process.exitCode = await main(process.argv.slice(2))
} else {
  const node = process.env.W3B_REEXEC === '1' ? null : installedNode()
  if (node === null) {
    console.error(
      `w3b needs Node ${NEEDED} or newer and runs on ${process.versions.node}. Run \`npm install\` in the checkout, which brings it.`,
    )
    process.exitCode = 1
  } else {
    const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
      stdio: 'inherit',
      env: { ...process.env, W3B_REEXEC: '1' },
    })
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
    child.on('error', (error) => {
      console.error(`w3b cannot start ${node}: ${error.message}`)
      process.exitCode = 1
    })
    child.on('exit', (code, signal) => {
      process.exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal]
    })
  }
}
