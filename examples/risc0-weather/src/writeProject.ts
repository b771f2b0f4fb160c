// npm run project -w @w3bstream/example-risc0-weather -- FILE [VERSION] [--settle]
// Writes this example's project file, for `w3b project publish`. With --settle its results go to the settlement router, for which a node needs a
// compressor; without, to the prover's log.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { writeProjectFile } from '@w3bstream/protocol'
import { artifacts } from './artifacts.ts'
import { project } from './project.ts'

const settle = process.argv.includes('--settle')
const [name, version = '0.1'] = process.argv.slice(2).filter((argument) => argument !== '--settle')
if (name === undefined) {
  console.error('Usage: npm run project -w @w3bstream/example-risc0-weather -- FILE [VERSION] [--settle]')
  process.exit(2)
}
// npm runs scripts in the workspace's folder, and keeps where it was called.
const file = resolve(process.env.INIT_CWD ?? '.', name)
const versions = [project({ version, output: { type: settle ? 'settlement' : 'stdout' } })]
writeFileSync(file, writeProjectFile({ defaultVersion: version, versions, unknown: {} }))
const { imageId, outputs } = artifacts()
console.log(`${file}: version ${version}, image id ${imageId}, ${outputs.length} output words`)
