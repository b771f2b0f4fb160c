import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { callFilter } from './callFilter.ts'

/** Bounds that the operating system and V8 enforce on one child. */
export interface ChildLimits {
  /** Processor time over the child's whole life, in seconds. */
  readonly cpuSeconds: number
  /** V8's JavaScript heap, in bytes. A program's own memory is bounded apart from it. */
  readonly heapBytes: number
}

const ENTRY = join(dirname(dirname(fileURLToPath(import.meta.url))), 'child', 'main.ts')

/** What Linux puts between a child and the rest, beside V8 and Node's permission model. */
export type Wall = 'namespaces' | 'privileges' | 'calls'

/**
 * How a child is started: a shell sets its resource limits and becomes Node, which runs the child's own folder under the permission model.
 *
 * Where Linux allows it without privileges, the child is put into empty user, network and IPC namespaces, may gain no privileges, dies with its
 * parent, and may make no system call that `callFilter` refuses. The address space is left alone: V8 reserves far more of it than it uses.
 * @param entry the script, whose folder is all that it may read
 * @param walls those of `childWalls()` to put up
 */
export function childCommand(
  { cpuSeconds, heapBytes }: ChildLimits,
  entry = ENTRY,
  walls: readonly Wall[] = childWalls(),
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
  const confined = walls.flatMap((wall) => TOOLS[wall]() ?? [])
  const [command = '/bin/sh', ...args] = [...confined, '/bin/sh', '-c', script, process.execPath, ...node]
  return { command, args }
}

let found: readonly Wall[] | undefined

/** The walls that this machine has and that this user may put up. Containers mostly forbid namespaces; `calls` holds there too. */
export function childWalls(): readonly Wall[] {
  found ??= WALLS.filter((wall) => {
    const [command, ...args] = TOOLS[wall]() ?? []
    return command !== undefined && works(command, args)
  })
  return found
}

const WALLS: readonly Wall[] = ['namespaces', 'privileges', 'calls']

/** A command that puts a wall up and becomes what follows it; null where it is not to be had. */
const TOOLS: Readonly<Record<Wall, () => readonly string[] | null>> = {
  namespaces: () => tool('unshare', '--user', '--net', '--ipc'),
  privileges: () => tool('setpriv', '--pdeathsig', 'KILL', '--no-new-privs'),
  // Node cannot install a filter, and util-linux can only from 2.41 on; Perl is an essential package of Debian and Ubuntu.
  calls: () => {
    const filter = callFilter()
    return filter && tool('perl', '-e', installFilter(filter))
  },
}

function tool(name: string, ...args: string[]): readonly string[] | null {
  const command = [`/usr/bin/${name}`, `/bin/${name}`].find((candidate) => existsSync(candidate))
  return command ? [command, ...args, '--'] : null
}

/** Perl for: no new privileges, this filter (`struct sock_fprog`), see that it refuses a socket, become the command. */
function installFilter(filter: Buffer): string {
  const prctl = process.arch === 'x64' ? 157 : 167
  return [
    `my $f = pack("H*", "${filter.toString('hex')}")`,
    `syscall(${prctl}, 38, 1, 0, 0, 0) == 0 or die "no_new_privs: $!"`,
    `syscall(${prctl}, 22, 2, pack("Sx6P", length($f) / 8, $f)) == 0 or die "seccomp: $!"`,
    `socket(my $s, 2, 1, 0) and die "a socket in spite of the filter"`,
    `exec { $ARGV[0] } @ARGV or die "exec: $!"`,
  ].join('; ')
}

function works(command: string, args: readonly string[]): boolean {
  if (process.platform !== 'linux') return false
  try {
    execFileSync(command, [...args, '/bin/sh', '-c', 'exit 0'], { stdio: 'ignore', env: {}, timeout: 5_000 })
    return true
  } catch {
    // Forbidden here: the other bounds hold without it.
    return false
  }
}
