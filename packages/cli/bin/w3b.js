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
  try {
    const root = dirname(createRequire(import.meta.url).resolve('node/package.json'))
    return [join(root, 'bin', 'node'), join(root, 'bin', 'node.exe')].find((path) => existsSync(path)) ?? null
  } catch {
    // Not installed: the caller says what to do.
    return null
  }
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
    // Ctrl-C reaches the child by itself; what is sent to this process alone is handed on.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
      process.on(signal, () => {
        if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
      })
    child.on('error', (error) => {
      console.error(`w3b cannot start ${node}: ${error.message}`)
      process.exitCode = 1
    })
    child.on('exit', (code, signal) => {
      process.exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal]
    })
  }
}
