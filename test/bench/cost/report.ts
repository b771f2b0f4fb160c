import type { Graph } from '../../stacks/synth/synthesise.ts'
import { idleMonth } from './idle.ts'
import { LATENCY_MS, type Measured, STREAM_RECORDS } from './measure.ts'
import { add, afterAlwaysFree, date, dollars, dollarsOf, entries, region, times, type Usage } from './prices.ts'
import type { Call } from './WireRecorder.ts'

/** One line of the table. */
export interface Item {
  readonly name: string
  readonly dollars: number
  /** What it must not pass; null: nothing was asked. */
  readonly atMost: number | null
  readonly per: string
  /** Requests and units, by the names of the price list. */
  readonly usage: Usage
  readonly parts: Readonly<Record<string, number>>
  /** DynamoDB's write units a message: when it is taken in, and with its place in the log. */
  readonly writeUnits?: { readonly entrance: number; readonly withOrder: number }
  /** Calls of AWS by kind, where they were recorded. */
  readonly calls?: readonly Call[]
}

export interface Report {
  readonly prices: { readonly region: string; readonly date: string }
  readonly assumptions: readonly string[]
  readonly items: readonly Item[]
}

const MILLION = 1e6
const GB = 1e9
/** Seconds that a proof of the weather example takes a task of the CPU pool, and what one such has. */
const PROOF = { seconds: 2, vcpu: 2, memoryGb: 8 } as const

/** @param graphs of a stage with a node and of one without; null: nothing is said of idle months */
export function report(
  measured: Measured,
  graphs: { readonly withNode: Graph; readonly withoutNode: Graph } | null,
): Report {
  const items: Item[] = []
  const item = (
    name: string,
    per: string,
    atMost: number | null,
    usage: Usage,
    more: Pick<Item, 'calls' | 'writeUnits'> = {},
  ): void => {
    const parts = Object.fromEntries(entries(usage).map(([price, n]) => [price, dollarsOf(price, n)]))
    items.push({ name, per, atMost, dollars: dollars(usage), usage, parts, ...more })
  }
  for (const { name, batch, signed, entrance, order, http, calls } of measured.ingested) {
    const both = add(entrance, order)
    const edge: Usage = {
      'cloudfront.request': http.requests,
      'cloudfront.toOrigin': http.bytesIn / GB,
      'cloudfront.toViewer': http.bytesOut / GB,
    }
    const limits = limitsOf(batch, signed)
    const million = (usage: Usage): Usage => times(usage, MILLION)
    const writeUnits = { entrance: entrance['dynamodb.write'] ?? 0, withOrder: both['dynamodb.write'] ?? 0 }
    const scaled = { calls, writeUnits }
    item(`${name}, CloudFront`, 'million messages', limits[0], million(add(both, edge)), scaled)
    item(
      `${name}, direct`,
      'million messages',
      limits[1],
      million(add(both, { 'internet.out': http.bytesOut / GB })),
      scaled,
    )
  }
  const [first] = measured.ingested
  if (first !== undefined) {
    const both = add(first.entrance, measured.orderAlone, { 'internet.out': first.http.bytesOut / GB })
    const writeUnits = { entrance: first.entrance['dynamodb.write'] ?? 0, withOrder: both['dynamodb.write'] ?? 0 }
    item('single, each alone in its second, direct', 'million messages', null, times(both, MILLION), { writeUnits })
  }
  const { sequencer, prover, settler } = measured.proof
  const compute: Usage = {
    'fargate.vcpu': (PROOF.vcpu * PROOF.seconds) / 3_600,
    'fargate.memory': (PROOF.memoryGb * PROOF.seconds) / 3_600,
  }
  const { proofCalls } = measured
  item('a proof: packed and assigned', 'thousand proofs', null, times(sequencer, 1_000), {
    calls: proofCalls.sequencer,
  })
  item('a proof: proved', 'thousand proofs', null, times(add(prover, compute), 1_000), { calls: proofCalls.prover })
  item('a proof: settled', 'thousand proofs', null, times(settler, 1_000), { calls: proofCalls.settler })
  item('a proof, gas apart', 'thousand proofs', null, times(add(sequencer, prover, compute, settler), 1_000))
  const idle = [
    ['idle, with the node', graphs?.withNode, 60],
    ['idle, without a node', graphs?.withoutNode, 5],
  ] as const
  for (const [name, graph, atMost] of idle) {
    if (graph === undefined) continue
    const month = idleMonth(graph, measured)
    item(name, 'month', atMost, afterAlwaysFree(month))
    item(`${name}, nothing free`, 'month', null, month)
  }
  return { prices: { region, date }, assumptions: assumptions(measured), items }
}

/** Dollars a million through CloudFront and directly. A signed message's nonce is an item of its own in a batch, too: nothing was asked of those. */
function limitsOf(batch: number, signed: boolean): readonly [number | null, number | null] {
  if (batch === 1) return [3.25, 2]
  return signed ? [null, null] : [0.6, 0.6]
}

function assumptions({ ingested, tasks }: Measured): string[] {
  const billed = ingested.map(({ name, cpuMs, billedMs }) => `${name} ${cpuMs.toFixed(1)} -> ${billedMs}`).join(', ')
  const latency = Object.entries(LATENCY_MS).map(([service, ms]) => `${service} ${ms}`)
  return [
    'Payloads of 1,024 bytes. Requests, units and bytes are recorded; hours, months and times are reckoned.',
    `Function time: the processor's milliseconds measured here, at the share of a processor that its memory gives, and waiting for each call of AWS in ms: ${latency.join(', ')}. Milliseconds of processor -> billed: ${billed}.`,
    'Other functions: as long as a call takes here on emulators, as if all of it were the processor.',
    `The stream hands over ${STREAM_RECORDS} records a call: a hundred messages, or batches, a second.`,
    'Logs: no line a message; a line of metrics for each hundred requests of an instance. Traces: one in a hundred at the entrance; of the schedule, all.',
    `${tasks} tasks of 100 messages, proved by a runtime that returns at once; a proof's compute as of a weather proof of ${PROOF.seconds} s on ${PROOF.vcpu} vCPU and ${PROOF.memoryGb} GB of Fargate at the on-demand price, while the pool is busy.`,
    `Keeping what was sent is not counted: ${kept(ingested)}.`,
    'Idle: what the deployment graph has, the schedule each minute, Lambda polling its queues, the node. CloudWatch: 10 metrics, 10 alarm metrics and 3 dashboards are free in every account, and are counted in the lines "nothing free". WAF is not counted.',
  ]
}

function kept(ingested: Measured['ingested']): string {
  const stored = ingested.map(({ name, calls }) => {
    const gb = (service: Call['service']): number =>
      calls.reduce((sum, call) => sum + (call.service === service ? call.bytesIn : 0), 0) * (MILLION / GB)
    const month = dollars({ 'dynamodb.storage': gb('dynamodb'), 's3.storage': gb('s3') })
    return `${name} $${month.toFixed(2)}`
  })
  return `a month of a million messages costs, by way of sending, ${stored.join(', ')}`
}

/** The items whose dollars pass what they are held against. */
export const missed = ({ items }: Report): readonly Item[] =>
  items.filter(({ dollars: found, atMost }) => atMost !== null && found > atMost)
