import { spawnSync } from 'node:child_process'
import { createHash, randomFillSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { signedReadingsVerifierBytecode } from '../ts/generated/signedReadingsVerifier.ts'
import { weatherVerifierBytecode } from '../ts/generated/weatherVerifier.ts'

/**
 * `fixture.ts weather|signed-readings`: proves the readings of test/fixtures/<name>-proof.json again with the example's circuit, and puts the proof, its
 * public inputs and the verifier's code there. To be run when the example's circuit or key has changed.
 */
interface Proved {
  readonly proof: string
  readonly publicInputs: readonly string[]
}

const examples = join(import.meta.dirname, '../../../examples')
const name = process.argv[2] ?? 'weather'

/** By the WASM module. */
const proveWeather = (input: object): Proved => {
  const artifacts = join(examples, 'halo2-weather/artifacts')
  const module = new WebAssembly.Module(readFileSync(join(artifacts, 'weather.wasm')))
  const imports: WebAssembly.Imports = {}
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    // Its one import: randomness.
    imports[from] = {
      ...imports[from],
      [name]: (at: number, length: number) => randomFillSync(bytes(at, length)),
    }
  }
  const { exports } = new WebAssembly.Instance(module, imports)

  const bytes = (at: number, length: number): Buffer => {
    if (!(exports.memory instanceof WebAssembly.Memory)) throw new Error('The module has no memory of its own.')
    return Buffer.from(exports.memory.buffer, at >>> 0, length)
  }
  const call = (name: string, ...args: readonly number[]): unknown => {
    const found = exports[name]
    if (typeof found !== 'function') throw new Error(`The module does not export ${name}.`)
    return found(...args)
  }

  const provingKey = readFileSync(join(artifacts, 'proving.key')).toString('base64')
  const text = Buffer.from(JSON.stringify({ ...input, provingKey }))
  const at = Number(call('__wbindgen_malloc', text.length, 1))
  bytes(at, text.length).set(text)
  const answer = call('prove_task', at, text.length)
  if (!Array.isArray(answer)) throw new Error('The module did not answer with a text.')
  const { error, ...proved } = JSON.parse(bytes(Number(answer[0]), Number(answer[1]) >>> 0).toString('utf8'))
  if (error) throw new Error(`The program refused: ${error}`)
  return proved
}

/** By the native runtime, which `npm run build:native` builds. */
const proveSignedReadings = (input: object): Proved => {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  const binary = process.env.W3B_NATIVE ?? join(cache, 'w3bstream/native/bin/w3b-runtime')
  const key = readFileSync(join(examples, 'signed-readings/artifacts/verifying.key'))
  const verifyingKey = `0x${createHash('sha256').update(key).digest('hex')}`
  const param = JSON.stringify({ circuit: 'signed-readings', verifying_key: verifyingKey })
  const folder = mkdtempSync(join(tmpdir(), 'w3b-fixture-'))
  try {
    const out = join(folder, 'proof')
    const args = ['prove', '--exp-param', param, '--input', JSON.stringify(input), '--out', out]
    const { status, stdout, error } = spawnSync(binary, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 2 ** 24,
    })
    if (error) throw error
    if (status !== 0) throw new Error(`${binary} prove ended with ${status}.`)
    return { proof: `0x${readFileSync(out).toString('hex')}`, publicInputs: JSON.parse(stdout).publicInputs }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const provers = {
  weather: { prove: proveWeather, verifierBytecode: weatherVerifierBytecode },
  'signed-readings': { prove: proveSignedReadings, verifierBytecode: signedReadingsVerifierBytecode },
}
if (name !== 'weather' && name !== 'signed-readings') throw new Error(`There is no fixture "${name}".`)
const { prove, verifierBytecode } = provers[name]

const fixture = join(import.meta.dirname, `../test/fixtures/${name}-proof.json`)
const given = JSON.parse(readFileSync(fixture, 'utf8'))
const { readings, salt, inputCommitment, binding } = given
const { proof, publicInputs } = prove({ task: { inputCommitment }, binding, data: readings, salt })
const outputs = `0x${publicInputs
  .slice(3)
  .map((word) => word.slice(2))
  .join('')}`
writeFileSync(fixture, `${JSON.stringify({ ...given, outputs, proof, verifierBytecode }, null, 2)}\n`)
