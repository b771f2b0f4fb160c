import { spawnSync } from 'node:child_process'
import { fstatSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { connect } from 'node:net'
import { Worker } from 'node:worker_threads'

// Runs as a sandbox child does, and writes what it could reach as one line of JSON. Its standard input is the port of a server to try.

const attempt = (what: () => unknown): string => {
  try {
    what()
    return 'done'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

const found = {
  environment: Object.keys(process.env),
  readsAFile: attempt(() => readFileSync('/etc/hostname')),
  listsAFolder: attempt(() => readdirSync('/')),
  writesAFile: attempt(() => writeFileSync('w3bstream-probe', 'x')),
  startsAProcess: attempt(() => spawnSync('/bin/true').error?.message ?? ''),
  startsAThread: attempt(() => new Worker('', { eval: true })),
  evaluates: attempt(() => Reflect.construct(Function, ['return 1'])),
  bindsToNode: attempt(() => Reflect.get(process, 'binding').call(process, 'spawn_sync')),
  // Node's own are pipes and the kernel's event objects.
  descriptors: Array.from({ length: 61 }, (_, at) => at + 3).filter((fd) => {
    try {
      const is = fstatSync(fd)
      return is.isFile() || is.isDirectory() || is.isSocket()
    } catch {
      return false
    }
  }),
}
const socket = connect(Number(readFileSync(0, 'utf8')), '127.0.0.1')
const report = (connects: string): void => {
  socket.destroy()
  writeSync(1, JSON.stringify({ ...found, connects }))
}
socket.once('connect', () => report('done'))
socket.once('error', (error) => report('code' in error ? String(error.code) : String(error)))
