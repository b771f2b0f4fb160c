// `npm run bench` and `npm run bench:cost`: installs what is missing, then hands over to the project's own Node. Arguments are passed on; --help says which.
import { spawn } from 'node:child_process'
import { install, projectEnv, projectNode, root } from './prepare.mjs'

install()
const [first, ...others] = process.argv.slice(2)
const [file, args] = first === 'cost' ? ['cost.ts', others] : ['main.ts', process.argv.slice(2)]
const child = spawn(projectNode(), [`${root}test/bench/${file}`, ...args], {
  stdio: 'inherit',
  env: projectEnv(),
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)))
