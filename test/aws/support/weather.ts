import { createHash } from 'node:crypto'
import { LocalSigner } from '@w3bstream/chain'
import { weatherVerifierBytecode } from '@w3bstream/contracts'
import { artifacts, project, readings } from '@w3bstream/example-halo2-weather'
import {
  type Domain,
  didOfAddress,
  type Hash,
  hash,
  messageDigest,
  type ProjectId,
  toHex,
  writeProjectFile,
} from '@w3bstream/protocol'
import type { TestProject } from './testProject.ts'

const VERSION = '0.1'

/** The example, with its circuit and verifier: real proofs of signed readings. */
export function weather(options: { readonly amount: number; readonly maxAgeMs?: number }): TestProject {
  const { provingKey, proofBytes, outputs } = artifacts()
  const version = project({ ...options, provingKeyUri: 'bafkqaaa', version: VERSION })
  return {
    version: VERSION,
    file: writeProjectFile({ defaultVersion: VERSION, versions: [version], unknown: {} }),
    files: [provingKey],
    verifier: { bytecode: weatherVerifierBytecode, outputWords: outputs.length, proofBytes, verifyGas: 600_000 },
  }
}

/** The next readings of a station, each signed by it. */
export class Station {
  readonly #signer = LocalSigner.generate()
  readonly #domain: Domain
  readonly #project: ProjectId
  #nonce = 0n

  constructor(domain: Domain, project: ProjectId) {
    this.#domain = domain
    this.#project = project
  }

  async next(): Promise<Readonly<Record<string, unknown>>> {
    const all = readings()
    const data = all[Number(this.#nonce) % all.length] ?? ''
    const nonce = ++this.#nonce
    const device = didOfAddress(this.#signer.address)
    const payloadHash: Hash = hash(toHex(createHash('sha256').update(data).digest()))
    const digest = messageDigest(this.#domain, {
      projectId: this.#project,
      version: VERSION,
      device,
      nonce,
      payloadHash,
    })
    return {
      projectId: String(this.#project),
      version: VERSION,
      data,
      device,
      nonce: String(nonce),
      signature: await this.#signer.sign(digest),
    }
  }
}
