import { execFileSync } from 'node:child_process'
import { config } from './deployment.ts'

const units = ['segments', 'sequencer', 'settler', config.aws.ingest.at === 'worker' ? 'worker' : 'ingest']

// With whichever Node runs this, since the script finds the project's own.
execFileSync(process.execPath, ['scripts/bundle.mjs', ...units], { stdio: 'inherit' })
