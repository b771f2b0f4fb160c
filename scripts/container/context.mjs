// Copies what Docker would get as its build context into a folder: the working tree without what .gitignore and .dockerignore name.
//
//   node scripts/container/context.mjs --out DIR
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { out } = parseArgs({ options: { out: { type: 'string' } } }).values
if (out === undefined) throw new Error('Say where to with --out DIR.')

const files = git(['ls-files', '-z', '--cached', '--others', '--exclude-standard'], '', [0])
// 1: none of them is ignored.
const ignored = new Set(
  git(
    ['-c', 'core.excludesFile=.dockerignore', 'check-ignore', '--no-index', '-z', '--stdin'],
    files.join('\0'),
    [0, 1],
  ),
)
for (const file of files) {
  if (ignored.has(file) || !existsSync(join(root, file))) continue
  const to = resolve(out, file)
  mkdirSync(dirname(to), { recursive: true })
  cpSync(join(root, file), to)
}

/** Names that git prints. */
function git(args, input, expected) {
  const done = spawnSync('git', args, { cwd: root, input, encoding: 'utf8', maxBuffer: 2 ** 26 })
  if (!expected.includes(done.status)) throw new Error(`git ${args.join(' ')}: ${done.stderr}`)
  return done.stdout.split('\0').filter((name) => name !== '')
}
