// npm run dapp -w @w3bstream/example-halo2-weather -- PROJECT_ID VERIFIER_KEY [DATA_DIR]
// Deploys WeatherStats for a project on a node's local chain, and lets it trust a verifier, as a dApp's author would with tools of their own.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import {
  ChainClient,
  chainPreset,
  deployContract,
  LOCAL_CHAIN_ID,
  LocalSigner,
  readDeployment,
  transact,
} from '@w3bstream/chain'
import { weatherStatsAbi, weatherStatsBytecode } from '@w3bstream/contracts'
import { hash, projectId } from '@w3bstream/protocol'
import { encodeFunctionData } from 'viem'
import { z } from 'zod'

const [project, key, dir = '.w3b'] = process.argv.slice(2)
if (project === undefined || key === undefined) {
  console.error('Usage: npm run dapp -w @w3bstream/example-halo2-weather -- PROJECT_ID VERIFIER_KEY [DATA_DIR]')
  process.exit(2)
}
const dataDir = resolve(process.env.INIT_CWD ?? '.', dir)
const { port } = z.object({ port: z.int() }).parse(JSON.parse(readFileSync(join(dataDir, 'anvil.json'), 'utf8')))
const deployment = readDeployment(join(dataDir, 'deployment.json'))
if (deployment === null) throw new Error(`${dataDir} has no deployment.json`)
const chain = new ChainClient({ preset: chainPreset(LOCAL_CHAIN_ID), rpc: [`http://127.0.0.1:${port}`] })
// Second account of anvil's public mnemonic: a dApp's author need not be the project's owner.
const signer = LocalSigner.fromHex('0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d')
try {
  const dapp = await deployContract({ chain, signer }, 'WeatherStats', {
    abi: weatherStatsAbi,
    bytecode: weatherStatsBytecode,
    args: [deployment.contracts.settlement, projectId(project)],
  })
  await transact({ chain, signer }, 'Trusting the verifier', {
    to: dapp,
    data: encodeFunctionData({ abi: weatherStatsAbi, functionName: 'allowVerifier', args: [hash(key)] }),
  })
  console.log(dapp)
} finally {
  chain.close()
}
