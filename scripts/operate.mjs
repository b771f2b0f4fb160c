// `npm run operate -- --stage STAGE COMMAND`: an operator's jobs on a deployment, by its own AWS credentials. docs/deploy.md.
import { spawn } from 'node:child_process'
import { install, projectEnv, projectNode, root } from './prepare.mjs'

install()
const child = spawn(projectNode(), [`${root}functions/operator/main.ts`, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: projectEnv(),
})
child.on('exit', (code) => process.exit(code ?? 1))
