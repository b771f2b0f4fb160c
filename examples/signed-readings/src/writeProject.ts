// npm run project -w @w3bstream/example-signed-readings -- circuit|guest FILE [--stdout]
// Writes the project file of either kind, for `w3b project publish` or `w3b project test`. With --stdout results are printed by the node and settle nowhere.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { writeProjectFile } from '@w3bstream/protocol'
import { artifacts } from './artifacts.ts'
import { circuitProject, guestProject } from './project.ts'

const [kind, name, flag] = process.argv.slice(2)
if ((kind !== 'circuit' && kind !== 'guest') || name === undefined || (flag !== undefined && flag !== '--stdout')) {
  console.error('Usage: npm run project -w @w3bstream/example-signed-readings -- circuit|guest FILE [--stdout]')
  process.exit(2)
}
const options = flag === undefined ? {} : { output: { type: 'stdout' } as const }
const version = kind === 'circuit' ? circuitProject(options) : guestProject(options)
// npm runs scripts in the workspace's folder, and keeps where it was called.
const file = resolve(process.env.INIT_CWD ?? '.', name)
writeFileSync(file, writeProjectFile({ defaultVersion: version.version, versions: [version], unknown: {} }))
const { outputs, circuit, guest } = artifacts()
const proof = kind === 'circuit' ? `proofs of ${circuit.proofBytes} bytes` : `image id ${guest.imageId}`
console.log(`${file}: version ${version.version}, ${outputs.length} output words, ${proof}`)
