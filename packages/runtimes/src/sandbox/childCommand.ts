import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Bounds that the operating system and V8 enforce on one child. */
export interface ChildLimits {
  /** Processor time over the child's whole life, in seconds. */
  readonly cpuSeconds: number
  /** V8's JavaScript heap, in bytes. A program's own memory is bounded apart from it. */
  readonly heapBytes: number
}

const ENTRY = join(dirname(dirname(fileURLToPath(import.meta.url))), 'child', 'main.ts')

/**
 * How a child is started: a shell sets its resource limits and becomes Node, which runs the child's own folder under the permission model.
 *
 * Where Linux allows it without privileges, the child is put into empty user, network and IPC namespaces, may gain no privileges, and dies with its
 * parent. The address space is left alone: V8 reserves far more of it than it uses.
 * @param entry the script, whose folder is all that it may read
 */
export function childCommand(
  { cpuSeconds, heapBytes }: ChildLimits,
  entry = ENTRY,
): { command: string; args: readonly string[] } {
  const script = `ulimit -c 0; ulimit -f 0; ulimit -n 64; ulimit -t ${cpuSeconds}; unset PWD OLDPWD; exec "$0" "$@"`
  const node = [
    '--permission',
    `--allow-fs-read=${dirname(entry)}/*`,
    '--disallow-code-generation-from-strings',
    '--disable-proto=throw',
    '--no-addons',
    '--disable-warning=ExperimentalWarning',
    '--expose-gc',
    `--max-old-space-size=${Math.ceil(heapBytes / 1024 ** 2)}`,
    entry,
  ]
  const [command = '/bin/sh', ...args] = [...confinement(), '/bin/sh', '-c', script, process.execPath, ...node]
  return { command, args }
}

let found: readonly string[] | undefined

/** The Linux tools that confine further, as far as they are there and work for this user. */
function confinement(): readonly string[] {
  found ??= TOOLS.flatMap(([path, ...args]) => {
    const command = path.find((candidate) => existsSync(candidate))
    return command && works(command, args) ? [command, ...args, '--'] : []
  })
  return found
}

const TOOLS: readonly [readonly string[], ...string[]][] = [
  [['/usr/bin/unshare', '/bin/unshare'], '--user', '--net', '--ipc'],
  [['/usr/bin/setpriv', '/bin/setpriv'], '--pdeathsig', 'KILL', '--no-new-privs'],
]

function works(command: string, args: readonly string[]): boolean {
  if (process.platform !== 'linux') return false
  try {
    execFileSync(command, [...args, '--', '/bin/sh', '-c', 'exit 0'], { stdio: 'ignore', env: {}, timeout: 5_000 })
    return true
  } catch {
    // Containers and hardened kernels forbid namespaces: the other bounds hold without them.
    return false
  }
}
