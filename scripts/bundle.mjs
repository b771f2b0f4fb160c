// Bundles functions for the cloud with the project's own Node, whichever Node calls: `node scripts/bundle.mjs [unit…]`.
import { spawnSync } from 'node:child_process'
import { projectEnv, projectNode, root } from './prepare.mjs'

const done = spawnSync(projectNode(), [`${root}functions/build.mjs`, ...process.argv.slice(2)], {
  cwd: root,
  env: projectEnv(),
  stdio: ['ignore', 2, 2],
})
process.exit(done.status ?? 1)
