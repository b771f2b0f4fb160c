import type { Delivered, Destination, Outgoing } from '@w3bstream/core/ports'
import { type Address, address, DestinationRefusedError, type Hex, type Output, type TaskId } from '@w3bstream/protocol'
import { type Abi, type AbiFunction, encodeFunctionData } from 'viem'
import { bindArguments } from './bindArguments.ts'
import type { Contracts } from './Contracts.ts'
import { chainAway } from './chainAway.ts'
import { checkTarget } from './checkTarget.ts'
import { contractAddresses } from './contractAddresses.ts'
import type { Argument } from './convertField.ts'
import { deliveredEarlier } from './deliveredEarlier.ts'
import type { EthereumSender } from './EthereumSender.ts'
import { estimateCall } from './estimateCall.ts'

/** A chain of the operator's list. */
export interface OperatorChain {
  readonly sender: EthereumSender
  /** What project files may call it by, beside its name and chain id: their own endpoints' URLs select it, and are never asked. */
  readonly aliases?: readonly string[]
  /** This deployment's contracts there, which are never called for a project. */
  readonly contracts?: Contracts
}

export interface EthereumContractOptions {
  /** Most gas that one task's call may need. */
  readonly maxGasPerTask: bigint
  /** How long a contract counts as one that may be called. */
  readonly targetCheckMs: number
  /** More addresses that are never called, on any chain: staking, treasuries, bridges. */
  readonly refusedTargets: readonly Address[]
  /** Number of a prover's token, for contracts that ask for a numeric `proverId`. */
  readonly proverNumber: (prover: Address) => bigint | null | Promise<bigint | null>
}

type EthereumOutput = Extract<Output, { readonly type: 'ethereumContract' }>

const MAX_CHECKED = 10_000

/** Any contract's method, its inputs bound by name, on a chain of the operator's list. Exactly-once as far as nonces go: the docs say how far that is. */
export class EthereumContractDestination implements Destination {
  readonly types = ['ethereumContract'] as const
  readonly #chains: readonly OperatorChain[]
  readonly #options: EthereumContractOptions
  readonly #checked = new Map<string, number>()

  constructor(modules: { readonly chains: readonly OperatorChain[] }, options: Partial<EthereumContractOptions> = {}) {
    this.#chains = modules.chains
    this.#options = {
      maxGasPerTask: 3_000_000n,
      targetCheckMs: 60_000,
      refusedTargets: [],
      proverNumber: () => null,
      ...options,
    }
  }

  async deliver(items: readonly Outgoing[]): Promise<Map<TaskId, Delivered | Error>> {
    const results = new Map<TaskId, Delivered | Error>()
    const away = new Map<EthereumSender, Delivered>()
    for (const item of items) results.set(item.record.id, await this.#orAway(item, away))
    return results
  }

  /** One that is silent is waited for once in a delivery: tasks for other chains are not to wait as often. */
  async #orAway(item: Outgoing, away: Map<EthereumSender, Delivered>): Promise<Delivered | Error> {
    let sender: EthereumSender | null = null
    try {
      const chain = this.#chainOf(outputOf(item))
      sender = chain.sender
      return away.get(sender) ?? (await this.#deliverOne(item, chain))
    } catch (error) {
      const answer = chainAway(error)
      if (sender !== null && !(answer instanceof Error)) away.set(sender, answer)
      return answer
    }
  }

  async #deliverOne(item: Outgoing, chain: OperatorChain): Promise<Delivered> {
    const { record } = item
    const output = outputOf(item)
    const abi = parseAbiJson(output)
    const known = deliveredEarlier(await chain.sender.earlier(record.id, [abi])) ?? chain.sender.paused()
    if (known !== null) return known
    const destination = `contract ${output.contractAddress}`
    const method = methodOf(output)
    const args = bindArguments(destination, method.inputs, {
      item,
      receiverAddress: output.receiverAddress,
      proverNumber: await this.#proverNumber(item),
    })
    const data = encodeCall(destination, method, args)
    await this.#checkTarget(chain, output)
    const to = output.contractAddress
    const call = { from: chain.sender.account, to, data, gas: this.#options.maxGasPerTask }
    const estimate = await estimateCall(chain.sender.chain, call, [abi])
    if (estimate.type === 'reverts') throw new DestinationRefusedError({ destination, reason: estimate.revert.reason })
    const gas = estimate.gas + estimate.gas / 5n
    const share = { task: record.id, projectId: record.task.projectId, gas }
    const sent = await chain.sender.send([share], () => ({ to, data, gas }))
    return sent.get(record.id) ?? { type: 'waiting', reason: 'it was not sent', retryAfterMs: 1_000 }
  }

  async #proverNumber(item: Outgoing): Promise<bigint | null> {
    const prover = item.record.assignment?.value.prover
    return prover === undefined ? null : this.#options.proverNumber(prover)
  }

  #chainOf(output: EthereumOutput): OperatorChain {
    const wanted = output.chainEndpoint.trim()
    const found = this.#chains.find(
      ({ sender, aliases = [] }) =>
        wanted === sender.chain.preset.name ||
        wanted === String(sender.chain.chainId) ||
        [...aliases, ...sender.chain.preset.rpc].some((alias) => sameEndpoint(alias, wanted)),
    )
    if (found !== undefined) return found
    const known = this.#chains.map(({ sender }) => `${sender.chain.preset.name} (${sender.chain.chainId})`).join(', ')
    throw new DestinationRefusedError({
      destination: `contract ${output.contractAddress}`,
      reason: `chainEndpoint names no chain of this operator's: it has ${known || 'none'}`,
    })
  }

  async #checkTarget(chain: OperatorChain, output: EthereumOutput): Promise<void> {
    const { sender, contracts } = chain
    const key = `${sender.chain.chainId} ${output.contractAddress} ${output.contractMethod}`
    const until = this.#checked.get(key)
    if (until !== undefined && until > Date.now()) return
    const refused = new Set<Address>([
      ...this.#options.refusedTargets,
      ...(contracts === undefined ? [] : contractAddresses(contracts)),
      ...Object.values(sender.chain.preset.knownContracts).map((one) => address(one)),
      ...(sender.router === null ? [] : [sender.router]),
      sender.account,
    ])
    await checkTarget(sender.chain, output.contractAddress, output.contractMethod, refused)
    if (this.#checked.size >= MAX_CHECKED) this.#checked.clear()
    this.#checked.set(key, Date.now() + this.#options.targetCheckMs)
  }
}

function outputOf({ output }: Outgoing): EthereumOutput {
  if (output.type === 'ethereumContract') return output
  throw new DestinationRefusedError({ destination: 'ethereumContract', reason: `it is given a ${output.type} output` })
}

/** Project files name chains by whole URLs; a trailing slash is no difference. */
function sameEndpoint(a: string, b: string): boolean {
  return a.replace(/\/+$/, '') === b.replace(/\/+$/, '')
}

function parseAbiJson(output: EthereumOutput): Abi {
  const abi: unknown = JSON.parse(output.contractAbiJSON)
  if (Array.isArray(abi)) return abi.filter((item) => typeof item === 'object' && item !== null)
  throw new DestinationRefusedError({
    destination: `contract ${output.contractAddress}`,
    reason: 'contractAbiJSON is not a list',
  })
}

function encodeCall(destination: string, method: AbiFunction, args: readonly Argument[]): Hex {
  try {
    return encodeFunctionData({ abi: [method], functionName: method.name, args })
  } catch (cause) {
    // The ABI is the project owner's: nothing says that it is well formed.
    const reason = `"${method.name}" cannot be encoded by contractAbiJSON`
    throw new DestinationRefusedError({ destination, reason, cause })
  }
}

function methodOf(output: EthereumOutput): AbiFunction {
  const methods = parseAbiJson(output).filter(
    (item): item is AbiFunction =>
      item.type === 'function' && item.name === output.contractMethod && Array.isArray(item.inputs),
  )
  const [method] = methods
  if (method !== undefined && methods.length === 1) return method
  throw new DestinationRefusedError({
    destination: `contract ${output.contractAddress}`,
    reason:
      methods.length === 0
        ? `contractAbiJSON has no method "${output.contractMethod}"`
        : `contractAbiJSON has ${methods.length} methods "${output.contractMethod}": which one is meant cannot be told`,
  })
}
