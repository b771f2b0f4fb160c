/** Where the metrics of all units stand in CloudWatch. Their one dimension that is always there, `service`, names the unit. */
export const NAMESPACE = 'W3bstream'

/** How a metric is written. */
export interface MetricShape {
  readonly unit: 'Count' | 'Seconds' | 'None'
  /** Labels that become dimensions, each with the values that it may have; others are left out, since CloudWatch bills each combination by the month. */
  readonly labels?: Readonly<Record<string, readonly string[]>>
  /** Left to what the platform counts by itself, so not written from AWS. */
  readonly elsewhere?: string
}

/** Every metric that the steps and adapters tell, by name. What is not listed is not written. */
export const METRICS: Readonly<Record<string, MetricShape>> = {
  w3b_messages_total: { unit: 'Count', labels: { outcome: ['appended', 'duplicate'] } },
  w3b_messages_refused_total: { unit: 'Count' },
  w3b_legacy_replays_total: { unit: 'Count' },
  w3b_tasks_total: { unit: 'Count', labels: { state: ['packed', 'proved', 'settled', 'failed'] } },
  w3b_pack_wait_seconds: { unit: 'Seconds' },
  w3b_proving_seconds: { unit: 'Seconds' },
  /** How long a task waited in its prover for a place, before it was leased. */
  w3b_runtime_wait_seconds: { unit: 'Seconds' },
  /** Most memory of the last proof's process. */
  w3b_runtime_proof_memory_bytes: { unit: 'None' },
  w3b_runtime_waiting: { unit: 'Count', elsewhere: 'AWS/SQS ApproximateNumberOfMessagesNotVisible' },
  w3b_runtime_running: { unit: 'Count', elsewhere: 'AWS/SQS ApproximateNumberOfMessagesNotVisible' },
  w3b_runtime_busy_cores: { unit: 'None', elsewhere: 'AWS/ECS CPUUtilization' },
  w3b_runtime_memory_bytes: { unit: 'None', elsewhere: 'AWS/ECS MemoryUtilization' },
  w3b_settlements_failed_total: { unit: 'Count' },
  w3b_settlements_waiting_total: { unit: 'Count' },
  w3b_reorgs_total: { unit: 'Count' },
  w3b_transactions_replaced_total: { unit: 'Count' },
  w3b_payloads_expired_total: { unit: 'Count' },
  w3b_chain_endpoint_failures_total: { unit: 'Count' },
  /** 1 while a settling account cannot pay for gas, 0 when it can. */
  w3b_account_unfunded: { unit: 'None' },
  /** 1 while a chain's listener does not move, 0 while it does. */
  w3b_listener_stalled: { unit: 'None' },
  /** Age of the newest block that a chain's listener has seen. */
  w3b_listener_lag_seconds: { unit: 'Seconds' },
  w3b_http_request_seconds: { unit: 'Seconds', elsewhere: 'AWS/Lambda Duration' },
  w3b_queue_depth: { unit: 'Count', elsewhere: 'AWS/SQS ApproximateNumberOfMessagesVisible' },
}

/** The dimensions that a metric gets of its labels, or null where it is not written. */
export function dimensionsOf(
  name: string,
  labels: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> | null {
  const shape = METRICS[name]
  if (shape === undefined || shape.elsewhere !== undefined) return null
  const kept = Object.entries(shape.labels ?? {}).flatMap(([label, values]) => {
    const value = labels[label]
    return value !== undefined && values.includes(value) ? [[label, value] as const] : []
  })
  return Object.fromEntries(kept)
}
