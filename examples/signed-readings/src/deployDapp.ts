// npm run dapp -w @w3bstream/example-signed-readings -- circuit|guest PROJECT_ID VERIFIER_KEY [DATA_DIR]
// Deploys SignedReadings for a project on a node's local chain, and lets it trust a verifier with the set of the example's devices, as a dApp's author would with
// tools of their own.
import { deployContract, transact } from '@w3bstream/chain'
import { signedReadingsAbi, signedReadingsBytecode } from '@w3bstream/contracts'
import { hash, projectId } from '@w3bstream/protocol'
import { encodeFunctionData } from 'viem'
import { exampleDevices } from './devices.ts'
import { localChain } from './localChain.ts'

const [kind, project, key, dir = '.w3b'] = process.argv.slice(2)
if ((kind !== 'circuit' && kind !== 'guest') || project === undefined || key === undefined) {
  console.error(
    'Usage: npm run dapp -w @w3bstream/example-signed-readings -- circuit|guest PROJECT_ID VERIFIER_KEY [DATA_DIR]',
  )
  process.exit(2)
}
const { deployment, ...author } = localChain(dir)
try {
  const dapp = await deployContract(author, 'SignedReadings', {
    abi: signedReadingsAbi,
    bytecode: signedReadingsBytecode,
    args: [deployment.contracts.settlement, projectId(project)],
  })
  const args = [hash(key), hash(exampleDevices(kind).keys.root)] as const
  await transact(author, 'Trusting the verifier and the devices', {
    to: dapp,
    data: encodeFunctionData({ abi: signedReadingsAbi, functionName: 'approve', args }),
  })
  console.log(dapp)
} finally {
  author.chain.close()
}
