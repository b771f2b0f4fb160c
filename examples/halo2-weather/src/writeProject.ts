// npm run project -w @w3bstream/example-halo2-weather -- FILE [VERSION] [--native]
// Writes this example's project file, for `w3b project publish`. Its proving key is named by CID: a node that ran `npm start` has it; for others, publish
// artifacts/proving.key to IPFS. With --native it names the built-in circuit, too.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { cidOf } from '@w3bstream/content'
import { writeProjectFile } from '@w3bstream/protocol'
import { artifacts } from './artifacts.ts'
import { project } from './project.ts'

const [name, version = '0.1'] = process.argv.slice(2).filter((word) => word !== '--native')
const native = process.argv.includes('--native')
if (name === undefined) {
  console.error('Usage: npm run project -w @w3bstream/example-halo2-weather -- FILE [VERSION] [--native]')
  process.exit(2)
}
// npm runs scripts in the workspace's folder, and keeps where it was called.
const file = resolve(process.env.INIT_CWD ?? '.', name)
const { provingKey, outputs, proofBytes } = artifacts()
const provingKeyUri = await cidOf(provingKey)
writeFileSync(
  file,
  writeProjectFile({ defaultVersion: version, versions: [project({ provingKeyUri, version, native })], unknown: {} }),
)
console.log(`${file}: version ${version}, ${outputs.length} output words, proofs of ${proofBytes} bytes`)
