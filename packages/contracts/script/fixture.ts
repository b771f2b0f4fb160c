import { randomFillSync } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { weatherVerifierBytecode } from '../ts/generated/weatherVerifier.ts'

/**
 * Proves the readings of test/fixtures/weather-proof.json again with the example's program, and puts the proof, its
 * public inputs and the verifier's code there. To be run when the example's circuit or key has changed.
 */
const artifacts = join(import.meta.dirname, '../../../examples/halo2-weather/artifacts')
const fixture = join(import.meta.dirname, '../test/fixtures/weather-proof.json')
const { readings, salt, inputCommitment, binding } = JSON.parse(readFileSync(fixture, 'utf8'))

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

function bytes(at: number, length: number): Buffer {
  if (!(exports.memory instanceof WebAssembly.Memory)) throw new Error('The module has no memory of its own.')
  return Buffer.from(exports.memory.buffer, at >>> 0, length)
}

const call = (name: string, ...args: readonly number[]): unknown => {
  const found = exports[name]
  if (typeof found !== 'function') throw new Error(`The module does not export ${name}.`)
  return found(...args)
}

const input = Buffer.from(
  JSON.stringify({
    task: { inputCommitment },
    binding,
    data: readings,
    salt,
    provingKey: readFileSync(join(artifacts, 'proving.key')).toString('base64'),
  }),
)
const at = Number(call('__wbindgen_malloc', input.length, 1))
bytes(at, input.length).set(input)
const answer = call('prove_task', at, input.length)
if (!Array.isArray(answer)) throw new Error('The module did not answer with a text.')
const text = bytes(Number(answer[0]), Number(answer[1]) >>> 0).toString('utf8')
const { proof, publicInputs, error } = JSON.parse(text)
if (error) throw new Error(`The program refused: ${error}`)

const outputs = `0x${publicInputs
  .slice(3)
  .map((word: string) => word.slice(2))
  .join('')}`
const made = { readings, salt, inputCommitment, binding, outputs, proof, verifierBytecode: weatherVerifierBytecode }
writeFileSync(fixture, `${JSON.stringify(made, null, 2)}\n`)
