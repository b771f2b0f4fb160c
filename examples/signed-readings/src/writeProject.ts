// npm run project -w @w3bstream/example-signed-readings -- circuit|guest FILE [--settle]
// Writes the project file of either kind, for `w3b project publish` or `w3b project test`. The circuit's results settle; the guest's with --settle, for which a node
// needs a compressor, else the prover prints them.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { writeProjectFile } from '@w3bstream/protocol'
import { circuitArtifacts, guestArtifacts } from './artifacts.ts'
import { circuitProject, guestProject } from './project.ts'

const [kind, name, flag] = process.argv.slice(2)
if ((kind !== 'circuit' && kind !== 'guest') || name === undefined || (flag !== undefined && flag !== '--settle')) {
  console.error('Usage: npm run project -w @w3bstream/example-signed-readings -- circuit|guest FILE [--settle]')
  process.exit(2)
}
const version =
  kind === 'circuit' ? circuitProject() : guestProject(flag === undefined ? { output: { type: 'stdout' } } : {})
// npm runs scripts in the workspace's folder, and keeps where it was called.
const file = resolve(process.env.INIT_CWD ?? '.', name)
writeFileSync(file, writeProjectFile({ defaultVersion: version.version, versions: [version], unknown: {} }))
const about =
  kind === 'circuit' ? `proofs of ${circuitArtifacts().proofBytes} bytes` : `image id ${guestArtifacts().imageId}`
console.log(`${file}: version ${version.version}, 8 output words, ${about}`)
