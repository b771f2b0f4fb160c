import type { Receipt } from '@w3bstream/protocol'
import { rows } from './rows.ts'
import type { Colors } from './Terminal.ts'

/** A receipt from device to block, for people. */
export function receiptRows(colors: Colors, receipt: Receipt): string {
  const steps = Object.entries(receipt.timings).map(([step, ms]) => `${step} ${ms} ms`)
  return rows(colors, [
    ['device', receipt.device ?? 'not known: the message is unsigned'],
    ['message', receipt.messageId],
    ['project', `${receipt.projectId} version ${receipt.projectVersion}`],
    ['task', `${receipt.taskId} (number ${receipt.taskNumber})`],
    ['root', receipt.merkleRoot],
    ['runtime', receipt.runtime],
    ['prover', receipt.prover],
    ['proof', receipt.proofBytes === null ? null : `${receipt.proofBytes} bytes`],
    ['inputs', receipt.inputBound ? 'the proof is over these very messages' : 'not bound to the messages'],
    ['contract', receipt.contract === null ? null : `${receipt.contract} on chain ${receipt.chainId}`],
    ['transaction', receipt.transactionHash],
    ['block', receipt.blockNumber === null ? null : `${receipt.blockNumber}, ${receipt.gasUsed} gas`],
    ['state', receipt.state],
    ['verified', receipt.verified ? 'yes, on-chain' : 'no'],
    ['timings', steps.length === 0 ? null : steps.join(', ')],
  ])
}
