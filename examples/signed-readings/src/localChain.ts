import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import {
  ChainClient,
  chainPreset,
  type Deployment,
  LOCAL_CHAIN_ID,
  LocalSigner,
  type Operator,
  readDeployment,
} from '@w3bstream/chain'
import { z } from 'zod'

/**
 * A node's local chain, and an account on it: the second of anvil's public mnemonic, since a dApp's author need not be the project's owner.
 *
 * @param dir the node's data directory, seen from where npm was called
 */
export function localChain(dir: string): Operator & { readonly deployment: Deployment } {
  const dataDir = resolve(process.env.INIT_CWD ?? '.', dir)
  const { port } = z.object({ port: z.int() }).parse(JSON.parse(readFileSync(join(dataDir, 'anvil.json'), 'utf8')))
  const deployment = readDeployment(join(dataDir, 'deployment.json'))
  if (deployment === null) throw new Error(`${dataDir} has no deployment.json`)
  return {
    chain: new ChainClient({ preset: chainPreset(LOCAL_CHAIN_ID), rpc: [`http://127.0.0.1:${port}`] }),
    signer: LocalSigner.fromHex('0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d'),
    deployment,
  }
}
