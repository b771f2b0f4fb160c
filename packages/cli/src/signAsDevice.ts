import { address, type Domain, didOfAddress, type ProjectId } from '@w3bstream/protocol'
import { type SignedMessage, signMessage } from '@w3bstream/sdk'
import { NodeAnswerError } from './errors/NodeAnswerError.ts'
import { UsageError } from './errors/UsageError.ts'
import { answers } from './node/answers.ts'
import type { NodeClient } from './node/NodeClient.ts'

/**
 * Signs a message as a device does for `/v1`, with a key from a file.
 * What is not given, the node is asked for.
 */
export async function signAsDevice(
  node: NodeClient,
  projectId: ProjectId,
  payload: string,
  keyFile: string,
  given: {
    readonly projectVersion?: string
    readonly nonce?: string
    readonly chainId?: string
    readonly registry?: string
  },
): Promise<SignedMessage> {
  const { LocalSigner } = await import('@w3bstream/chain')
  const signer = LocalSigner.fromFile(keyFile)
  const device = { device: didOfAddress(signer.address), sign: signer.sign.bind(signer) }
  const nonce = uint64('--nonce', given.nonce ?? Date.now().toString())
  const domain = await domainOf(node, given)
  const version = given.projectVersion ?? (await node.ask(`/v1/projects/${projectId}`, answers.project)).defaultVersion
  return signMessage(device, domain, { projectId, version, nonce, payload })
}

async function domainOf(
  node: NodeClient,
  given: { readonly chainId?: string; readonly registry?: string },
): Promise<Domain> {
  if (given.chainId !== undefined && given.registry !== undefined)
    return { chainId: uint64('--chain-id', given.chainId), verifyingContract: address(given.registry, '--registry') }
  try {
    const { chainId, verifyingContract } = await node.ask('/v1/domain', answers.domain)
    return {
      chainId: uint64('--chain-id', given.chainId ?? chainId),
      verifyingContract: address(given.registry ?? verifyingContract, '--registry'),
    }
  } catch (error) {
    if (!(error instanceof NodeAnswerError) || error.status !== 404) throw error
    throw new UsageError('The node does not say what a device signs for.', 'Give --chain-id and --registry.')
  }
}

function uint64(option: string, text: string): bigint {
  const value = /^(?:0|[1-9][0-9]{0,19})$/.test(text) ? BigInt(text) : -1n
  if (value < 0n || value >= 1n << 64n) throw new UsageError(`${option} has to be an integer from 0 to 2^64-1.`)
  return value
}
