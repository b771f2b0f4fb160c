// `npm run synth -- --stage STAGE --out FILE`: what `sst deploy` would create, as JSON, without a cloud.
// --config FILE takes another configuration than w3b.config.ts; --secrets FILE a JSON object of secrets by name, made up where absent; --format N says that
// the stage's data are there already, in that format. Placeholders stand for contracts where w3b.config.ts names none.
import { spawn } from 'node:child_process'
import { install, projectEnv, projectNode, root } from './prepare.mjs'

install()
const child = spawn(projectNode(), [`${root}test/stacks/synth/main.ts`, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: projectEnv(),
})
child.on('exit', (code) => process.exit(code ?? 1))
