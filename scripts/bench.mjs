// `npm run bench`: installs what is missing, then hands over to the project's own Node. Arguments are passed on; --help says which.
import { spawn } from 'node:child_process'
import { install, projectEnv, projectNode, root } from './prepare.mjs'

install()
const child = spawn(projectNode(), [`${root}test/bench/main.ts`, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: projectEnv(),
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)))
