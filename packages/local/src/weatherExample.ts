import { hash as digestOf } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deployContract, type LocalSigner, ProjectOwner, transact } from '@w3bstream/chain'
import { weatherStatsAbi, weatherStatsBytecode, weatherVerifierBytecode } from '@w3bstream/contracts'
import { artifacts, project, readings } from '@w3bstream/example-halo2-weather'
import {
  type Address,
  address,
  didOfAddress,
  type Hash,
  hash,
  messageDigest,
  type ProjectId,
  projectId,
  toHex,
  W3bError,
  writeProjectFile,
} from '@w3bstream/protocol'
import { encodeFunctionData } from 'viem'
import { loadKey } from './keys.ts'
import type { LocalNode } from './startLocal.ts'

/** The example, registered on the local chain. */
export interface WeatherExample {
  readonly projectId: ProjectId
  readonly version: string
  readonly dapp: Address
  /** Posts the next readings of the data set, each signed by its station, in one batch. @returns their message ids */
  send(count: number): Promise<string[]>
}

/** What is remembered between runs. Written after each step of the registration, so that one that was broken off goes on. */
interface State {
  readonly projectId: ProjectId
  readonly configHash: Hash
  readonly verifier: Address | null
  readonly dapp: Address | null
  /** All is on the chain. */
  readonly registered: boolean
  /** How many readings were sent. */
  readonly sent: number
}

const STATIONS = 4
const VERSION = '0.1'

/** Publishes and registers the example unless this data directory has it: project file, key, verifier, dApp. */
export async function weatherExample(node: LocalNode, dataDir: string): Promise<WeatherExample> {
  const file = join(dataDir, 'example.json')
  const known = existsSync(file) ? readState(file) : null
  const { dapp, ...state } = await register(node, file, known)
  const stations = Array.from({ length: STATIONS }, (_, i) => loadKey(`station-${i + 1}`, dataDir, {}))
  let sent = state.sent
  return {
    projectId: state.projectId,
    version: VERSION,
    dapp,
    async send(count) {
      const batch = await Promise.all(
        Array.from({ length: count }, (_, i) => signReading(node, stations, state.projectId, sent + i)),
      )
      const answer = await fetch(`${node.url}/v1/messages/batch`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ messages: batch }),
        signal: AbortSignal.timeout(30_000),
      })
      const ids = idsOf(await answer.json())
      sent += count
      writeState(file, { ...state, dapp, sent })
      return ids
    },
  }
}

/** Compiles the program ahead of its first task, while other things start. */
export async function warmWeather(node: LocalNode): Promise<void> {
  const { wasm, provingKey } = artifacts()
  await node.warm('halo2', {
    program: { bytes: wasm, hash: toHex(digestOf('sha256', wasm, 'buffer')) as Hash },
    provingKey,
    limits: { timeoutMs: 60_000, memoryBytes: 256 * 2 ** 20 },
  })
}

/** Every step is looked up before it is taken: in the file, or on the chain. */
async function register(node: LocalNode, file: string, known: State | null): Promise<State & { dapp: Address }> {
  if (known?.registered === true && known.dapp !== null) return { ...known, dapp: known.dapp }
  const { operator, contracts } = node
  if (operator === null) throw new Error('the example is for the local chain')
  const owner = new ProjectOwner(operator, contracts)
  const { proofBytes, outputs } = artifacts()
  let state = known ?? (await publish(node, owner, operator.signer.address))
  const keep = (more: Partial<State>): void => {
    state = { ...state, ...more }
    writeState(file, state)
  }
  keep({})
  const id = state.projectId
  await owner.allowSequencer(id, node.keys.sequencer.address)
  const verifier =
    state.verifier ??
    (await deployContract(operator, 'the Halo2 verifier', { abi: [], bytecode: weatherVerifierBytecode }))
  keep({ verifier })
  const key = await owner.registerVerifier({
    id,
    configHash: state.configHash,
    version: VERSION,
    verifier: { verifier, outputWords: outputs.length, proofBytes, verifyGas: 600_000, inputBound: true },
  })
  const dapp =
    state.dapp ??
    (await deployContract(operator, 'WeatherStats', {
      abi: weatherStatsAbi,
      bytecode: weatherStatsBytecode,
      args: [contracts.settlement, id],
    }))
  keep({ dapp })
  await transact(operator, 'Trusting the verifier', {
    to: dapp,
    data: encodeFunctionData({ abi: weatherStatsAbi, functionName: 'allowVerifier', args: [key] }),
  })
  await owner.bindDapp(id, dapp)
  await node.syncRegistry()
  keep({ registered: true })
  return { ...state, dapp }
}

/** The project, new unless a start that was broken off made it. */
async function publish(node: LocalNode, owner: ProjectOwner, account: Address): Promise<State> {
  const { content } = node
  const version = project({ provingKeyUri: await content.publish(artifacts().provingKey), version: VERSION })
  const bytes = writeProjectFile({ defaultVersion: VERSION, versions: [version], unknown: {} })
  const uri = await content.publish(bytes)
  const configHash = toHex(digestOf('sha256', bytes, 'buffer')) as Hash
  await node.syncRegistry()
  const made = (await node.w3b.projects()).find((one) => one.hash === configHash && one.owner === account)
  const id = made?.id ?? (await owner.createProject(uri, configHash))
  return { projectId: id, configHash, verifier: null, dapp: null, registered: false, sent: 0 }
}

async function signReading(node: LocalNode, stations: readonly LocalSigner[], project: ProjectId, index: number) {
  const all = readings()
  const payload = all[index % all.length]
  const station = stations[index % stations.length]
  if (payload === undefined || station === undefined) throw new RangeError('there are no readings')
  const device = didOfAddress(station.address)
  // Each station counts its own messages, from 1.
  const nonce = BigInt(Math.floor(index / stations.length) + 1)
  const payloadHash = toHex(digestOf('sha256', payload, 'buffer')) as Hash
  const digest = messageDigest(node.domain, { projectId: project, version: VERSION, device, nonce, payloadHash })
  return {
    projectId: String(project),
    version: VERSION,
    data: payload,
    device,
    nonce: String(nonce),
    signature: await station.sign(digest),
  }
}

function idsOf(answer: unknown): string[] {
  const results = typeof answer === 'object' && answer !== null && 'results' in answer ? answer.results : null
  if (!Array.isArray(results)) throw new Error(`the batch was refused: ${JSON.stringify(answer)}`)
  return results.map((result: unknown) => {
    if (typeof result === 'object' && result !== null && 'messageId' in result) return String(result.messageId)
    throw new Error(`a reading was refused: ${JSON.stringify(result)}`)
  })
}

function readState(file: string): State {
  const state: unknown = JSON.parse(readFileSync(file, 'utf8'))
  const of = (name: string): unknown =>
    typeof state === 'object' && state !== null ? Reflect.get(state, name) : undefined
  const text = (name: string): string => {
    const value = of(name)
    if (typeof value === 'string') return value
    throw new W3bError('EXAMPLE_STATE', `${file} has no ${name}.`, { hint: 'Remove it to register the example again.' })
  }
  const addressOf = (name: string): Address | null => (of(name) == null ? null : address(text(name)))
  return {
    projectId: projectId(text('projectId')),
    configHash: hash(text('configHash')),
    verifier: addressOf('verifier'),
    dapp: addressOf('dapp'),
    registered: of('registered') === true,
    sent: Number(text('sent')),
  }
}

function writeState(file: string, state: State): void {
  const text = JSON.stringify({ ...state, projectId: String(state.projectId), sent: String(state.sent) }, null, 2)
  writeFileSync(`${file}.new`, `${text}\n`, { flush: true })
  renameSync(`${file}.new`, file)
}
