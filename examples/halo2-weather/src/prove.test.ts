import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { TEST_SRS_MARKER } from '@w3bstream/chain'
import { drawSalt, fromHex, type Hash, type Hex, hash, inputCommitment, toHex } from '@w3bstream/protocol'
import { beforeAll, describe, expect, it } from 'vitest'
import { artifacts } from './artifacts.ts'
import { readings } from './readings.ts'
import { statistics } from './statistics.ts'
import { type CircuitModule, loadModule } from './test/loadModule.ts'

const { wasm, provingKey, provingKeyHash, inputs, proofBytes } = artifacts()
const days = readings().slice(0, inputs.capacity)
const salt = hash(`0x${'07'.repeat(32)}`)
const binding: Hash = hash(`0x${'f0e1d2c3'.repeat(8)}`)
const commitment = inputCommitment(inputs, { salt, payloads: days })

interface Answer {
  readonly proof?: Hex
  readonly publicInputs?: readonly Hex[]
  readonly error?: string
}

let module: CircuitModule
beforeAll(() => {
  module = loadModule(wasm)
})

function prove(changed: Record<string, unknown> = {}): Answer {
  const task = { projectId: '1', version: '0.1', messageCount: String(days.length), inputCommitment: commitment }
  const key = Buffer.from(provingKey).toString('base64')
  return JSON.parse(module.proveTask(JSON.stringify({ task, binding, data: days, salt, provingKey: key, ...changed })))
}

describe('the weather program', () => {
  it('names the proving key that is shipped with it', () => {
    expect(module.provingKeyNeeded()).toBe(provingKeyHash)
  })

  it('proves count, sum, minimum and maximum, bound to the task and to what was received', () => {
    const start = performance.now()
    const { proof = '0x', publicInputs = [] } = prove()
    console.log(`16 readings: ${Math.round(performance.now() - start)} ms, ${fromHex(proof).length} bytes of proof`)

    expect(fromHex(proof)).toHaveLength(proofBytes)
    const limb = (hex: string): Hex => `0x${hex.padStart(64, '0')}`
    expect(publicInputs.slice(0, 3)).toEqual([limb(binding.slice(2, 34)), limb(binding.slice(34)), commitment])
    const degrees = days.map((day) => JSON.parse(day).temperature)
    const outputs: Hex = `0x${publicInputs
      .slice(3)
      .map((word) => word.slice(2))
      .join('')}`
    const { mean, ...rest } = statistics(outputs)
    expect(rest).toEqual({ count: 16, min: Math.min(...degrees), max: Math.max(...degrees) })
    expect(mean).toBeCloseTo(degrees.reduce((sum, degree) => sum + degree) / 16, 9)
  })

  it('proves fewer readings than it has room for', () => {
    const data = days.slice(0, 3)
    const { publicInputs = [] } = prove({
      data,
      task: { inputCommitment: inputCommitment(inputs, { salt, payloads: data }) },
    })
    expect(BigInt(publicInputs[3] ?? 0)).toBe(3n)
  })

  it('refuses readings, salts and commitments that do not belong together', () => {
    const mismatch = "the readings and the salt do not open the task's input commitment"
    expect(prove({ data: days.slice(1) }).error).toBe(mismatch)
    expect(prove({ data: days.toReversed() }).error).toBe(mismatch)
    expect(prove({ salt: drawSalt() }).error).toBe(mismatch)
    expect(prove({ task: { inputCommitment: toHex(new Uint8Array(32)) } }).error).toBe(mismatch)
  })

  it('answers bad input with a reason', () => {
    expect(prove({ data: [] }).error).toBe('a task has 1 to 16 readings, this one has 0')
    expect(prove({ data: [...days, days[0]] }).error).toBe('a task has 1 to 16 readings, this one has 17')
    expect(prove({ data: ['{"temperature":61}'] }).error).toBe('reading 0, field temperature: is out of its bounds')
    expect(prove({ salt: `0x${'ff'.repeat(32)}` }).error).toBe("salt: not below the field's modulus")
    expect(prove({ binding: '0x12' }).error).toBe('binding: not 0x and 64 hex digits')
    expect(prove({ provingKey: undefined }).error).toBe('proving key: provingKey is missing')
    expect(prove({ provingKey: 'AAAA' }).error).toMatch(/^proving key: its sha256/)
    expect(prove({ task: {} }).error).toMatch(/^input: not a task's JSON at line 1, column \d+$/)
    expect(JSON.parse(module.proveTask('{')).error).toMatch(/^input: not a task's JSON/)
  })
})

describe('the generated verifier', () => {
  it('has the code whose hash is recorded, with the marker of its SRS in it', () => {
    const { verifierCodeHash, testSrsMarker, insecureSrs } = artifacts()
    expect(testSrsMarker).toBe(TEST_SRS_MARKER)
    const code = runtimeCode()
    expect(toHex(keccak_256(code))).toBe(verifierCodeHash)
    expect(toHex(code).includes(testSrsMarker.slice(2))).toBe(insecureSrs)
  })
})

function runtimeCode(): Uint8Array {
  const solc: { compile(input: string): string } = createRequire(import.meta.url)('solc')
  const content = readFileSync(new URL('../artifacts/Verifier.sol', import.meta.url), 'utf8')
  const settings = {
    evmVersion: 'cancun',
    optimizer: { enabled: false },
    metadata: { appendCBOR: false, bytecodeHash: 'none' },
    outputSelection: { '*': { '*': ['evm.deployedBytecode.object'] } },
  }
  const input = { language: 'Solidity', sources: { 'Verifier.sol': { content } }, settings }
  const { contracts } = JSON.parse(solc.compile(JSON.stringify(input)))
  const { evm } = Object.values<{ evm: { deployedBytecode: { object: string } } }>(contracts['Verifier.sol'])[0] ?? {}
  return fromHex(`0x${evm?.deployedBytecode.object}`)
}
