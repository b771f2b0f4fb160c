import { execFileSync } from 'node:child_process'
import { config } from './deployment.ts'

const units = ['segments', 'sequencer', 'settler', config.aws.ingest.at === 'worker' ? 'worker' : 'ingest']

// With whichever Node runs this, since the script finds the project's own. What goes wrong stands in the error's message.
execFileSync(process.execPath, ['scripts/bundle.mjs', ...units], { stdio: ['ignore', 'ignore', 'pipe'] })
