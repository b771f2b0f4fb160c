import { decodeRevert, type LocalSigner, RpcError } from '@w3bstream/chain'
import { w3bstreamSettlementAbi } from '@w3bstream/contracts'
import type { LocalNode } from '@w3bstream/local'
import {
  type Assignment,
  assignmentDigest,
  fromHex,
  type Hex,
  keccak256,
  type Result,
  resultDigest,
  type Task,
  taskDigest,
  toHex,
} from '@w3bstream/protocol'
import { encodeFunctionData } from 'viem'

/** What a call of `settle` is made of; it is signed as whoever is named here would. */
export interface Claim {
  readonly task: Task
  readonly proof: Uint8Array
  readonly outputs: Hex
  /** Signs the assignment. */
  readonly sequencer: LocalSigner
  /** To whom it is assigned, and who signs the result. */
  readonly prover: LocalSigner
}

/** The settlement router of a node's chain, with all that is real behind it, as of a block. */
export class Router {
  readonly #node: LocalNode
  readonly #block: bigint | 'latest'

  constructor(node: LocalNode, block: bigint | 'latest') {
    this.#node = node
    this.#block = block
  }

  /** @returns why the router refuses a claim; null where it settles it. Changes nothing. */
  async refusal({ task, proof, outputs, sequencer, prover }: Claim): Promise<string | null> {
    const { domain, contracts, chain } = this.#node
    const id = taskDigest(domain, task)
    const assignment: Assignment = { task: id, prover: prover.address, deadline: 2n ** 40n, attempt: 1n }
    const result: Result = {
      task: id,
      prover: prover.address,
      proofHash: keccak256(proof),
      outputsHash: keccak256(fromHex(outputs)),
      chainId: chain.chainId,
      router: contracts.settlement,
    }
    const data = encodeFunctionData({
      abi: w3bstreamSettlementAbi,
      functionName: 'settle',
      args: [
        { ...task, messageCount: BigInt(task.messageCount) },
        assignment,
        await sequencer.sign(assignmentDigest(domain, assignment)),
        result,
        await prover.sign(resultDigest(domain, result)),
        toHex(proof),
        outputs,
      ],
    })
    try {
      await chain.call({ from: prover.address, to: contracts.settlement, data, gas: 5_000_000n }, this.#block)
      return null
    } catch (error) {
      if (error instanceof RpcError && error.data !== null) return decodeRevert(error.data).reason
      throw error
    }
  }
}
