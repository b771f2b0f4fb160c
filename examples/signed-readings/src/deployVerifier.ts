// npm run verifier -w @w3bstream/example-signed-readings -- [DATA_DIR]
// Deploys the circuit's verifier on a node's local chain; `w3b project verifier` registers it. A guest needs none: its proofs go to the deployment's RISC Zero router.
import { deployContract } from '@w3bstream/chain'
import { signedReadingsVerifierBytecode } from '@w3bstream/contracts'
import { localChain } from './localChain.ts'

const author = localChain(process.argv[2] ?? '.w3b')
try {
  console.log(
    await deployContract(author, 'the circuit’s verifier', { abi: [], bytecode: signedReadingsVerifierBytecode }),
  )
} finally {
  author.chain.close()
}
