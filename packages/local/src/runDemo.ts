import { once } from 'node:events'
import { resolve } from 'node:path'
import { artifacts } from '@w3bstream/example-halo2-weather'
import { messageId, type Receipt } from '@w3bstream/protocol'
import { onInterrupt } from './onInterrupt.ts'
import { startLocal } from './startLocal.ts'
import { warmWeather, weatherExample } from './weatherExample.ts'

export interface DemoOptions {
  /** End after the first verified receipt. */
  readonly once: boolean
  /** Print the receipt as one line of JSON, and nothing else on stdout. */
  readonly json: boolean
  readonly port: number
  readonly dataDir: string
}

/** Exit code of a process that was stopped before it was done. */
const INTERRUPTED = 130

/**
 * `npm start`: the whole system on the local chain, the example project, one task's readings sent by their stations, and the first one's receipt.
 * Then serves until it is told to stop.
 * @returns the exit code
 */
export async function runDemo(o: DemoOptions): Promise<number> {
  const started = performance.now()
  const say = (line: string): void =>
    console.error(`${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s  ${line}`)
  const { signal } = onInterrupt()
  const node = await startLocal({
    port: o.port,
    dataDir: o.dataDir,
    stdout: o.json ? process.stderr : process.stdout,
    onProgress: say,
  })
  try {
    say(`serving ${node.url}; the chain is at ${node.rpcUrl}`)
    if (signal.aborted) return INTERRUPTED
    const warming = warmWeather(node)
    const example = await weatherExample(node, resolve(o.dataDir))
    say(`project ${example.projectId} registered; its dApp is ${example.dapp}`)
    await warming
    if (signal.aborted) return INTERRUPTED
    const { capacity } = artifacts().inputs
    const ids = await example.send(capacity)
    say(`${ids.length} readings signed by 4 stations and accepted`)
    const first = messageId(ids[0] ?? '')
    const receipt = await follow(node.w3b, first, say, signal)
    if (receipt === null) return INTERRUPTED
    if (!receipt.verified) {
      const { states = [] } = (await node.w3b.message(first)) ?? {}
      console.error(`The task failed: ${states.at(-1)?.reason ?? 'no reason is known'}`)
      return 1
    }
    if (o.json) console.log(JSON.stringify(receipt))
    else console.log(render(receipt))
    if (o.once) return 0
    say(`serving ${node.url} until Ctrl-C`)
    if (!signal.aborted) await once(signal, 'abort')
    return 0
  } finally {
    if (signal.aborted) say('finishing what is in hand; Ctrl-C again ends at once')
    await node.close()
  }
}

async function follow(
  w3b: Awaited<ReturnType<typeof startLocal>>['w3b'],
  id: ReturnType<typeof messageId>,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Receipt | null> {
  let told = 0
  while (!signal.aborted) {
    const { states = [] } = (await w3b.message(id)) ?? {}
    for (const entry of states.slice(told)) say(`${entry.state}: ${entry.reason}`)
    told = states.length
    const last = states.at(-1)?.state
    if (last === 'finalized' || last === 'failed') return w3b.receipt(id)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  return null
}

function render(receipt: Receipt): string {
  const lines: readonly (readonly [string, unknown])[] = [
    ['device', receipt.device],
    ['message', receipt.messageId],
    ['Merkle root', receipt.merkleRoot],
    ['task', `${receipt.taskId} (number ${receipt.taskNumber})`],
    ['prover', receipt.prover],
    [
      'proof',
      `${receipt.proofBytes} bytes of ${receipt.runtime}, bound to these readings: ${receipt.inputBound ? 'yes' : 'no'}`,
    ],
    ['transaction', receipt.transactionHash],
    ['block', `${receipt.blockNumber} on chain ${receipt.chainId}, ${receipt.gasUsed} gas`],
    ['verified', receipt.verified ? 'yes, on-chain' : 'no'],
  ]
  return ['', 'Receipt', ...lines.map(([name, value]) => `  ${name.padEnd(12)} ${value}`), ''].join('\n')
}
