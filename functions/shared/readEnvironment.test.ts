import { InvalidConfigError } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { readEnvironment, type Unit } from './readEnvironment.ts'

const queue = (name: string) => ({
  [`W3B_QUEUE_${name}`]: `https://sqs.eu-central-1.amazonaws.com/1/${name}`,
  [`W3B_QUEUE_${name}_DLQ`]: `https://sqs.eu-central-1.amazonaws.com/1/${name}-dead`,
})

const full = {
  W3B_STAGE: 'dev',
  W3B_CONFIG: JSON.stringify({ chains: [{ chainId: 31337, rpc: ['http://127.0.0.1:8545'] }] }),
  W3B_TABLE_MESSAGES: 'messages',
  W3B_TABLE_STATE: 'state',
  W3B_BUCKET: 'bucket',
  ...queue('PACK'),
  ...queue('PROVE'),
  ...queue('SETTLE'),
  ...queue('GAPS'),
  W3B_KEY_SEQUENCER: 'arn:aws:kms:eu-central-1:1:key/abc',
  W3B_KEY_PROVER: 'ssm:/w3b/prover',
  W3B_KEY_SETTLER: 'abc',
  W3B_RPC_PARAMETER: '/w3b/rpc',
  W3B_ORIGIN_SECRETS: `${'ab'.repeat(32)},${'cd'.repeat(32)}`,
}

const problems = (unit: Unit, variables: Record<string, unknown>): string => {
  try {
    readEnvironment(unit, variables)
  } catch (error) {
    if (error instanceof InvalidConfigError) return error.message
    throw error
  }
  return ''
}

describe('readEnvironment', () => {
  it.each(['ingest', 'edge', 'segments', 'sequencer', 'prover', 'settler', 'node'] as const)(
    'reads what %s needs',
    (unit) => {
      expect(problems(unit, full)).toBe('')
    },
  )

  it('reads values, with what is not said at its default', () => {
    expect(readEnvironment('ingest', { ...full, W3B_DIRECT: 'on' })).toMatchObject({
      stage: 'dev',
      messagesTable: 'messages',
      originSecrets: ['ab'.repeat(32), 'cd'.repeat(32)],
      direct: 'on',
      credentialKeyParameter: null,
      streamMs: 60_000,
      logLevel: 'info',
      config: { limits: { maxBatch: 1_000 } },
    })
    expect(readEnvironment('sequencer', { ...full, W3B_QUEUE_PROVE_GPU: '' })).toMatchObject({
      proveQueue: { url: expect.stringContaining('PROVE'), deadLetters: expect.stringContaining('PROVE-dead') },
      proveGpuQueue: null,
      secretsVersion: null,
    })
  })

  it('names every variable that is missing, and none that the unit does not need', () => {
    const words = problems('segments', {})
    for (const name of [
      'W3B_STAGE',
      'W3B_CONFIG',
      'W3B_TABLE_MESSAGES',
      'W3B_TABLE_STATE',
      'W3B_BUCKET',
      'W3B_QUEUE_PACK',
      'W3B_QUEUE_PACK_DLQ',
    ])
      expect(words).toMatch(new RegExp(`${name} is missing`))
    expect(words).not.toContain('W3B_ORIGIN_SECRETS')
    expect(problems('sequencer', { ...full, W3B_QUEUE_PROVE_GPU: 'https://x' })).toContain('W3B_QUEUE_PROVE_GPU_DLQ')
  })

  it.each([
    ['W3B_STAGE', 'Production!'],
    ['W3B_STAGE', 5],
    ['W3B_CONFIG', '{"secret":'],
    ['W3B_CONFIG', '{"secret":1}'],
    ['W3B_QUEUE_GAPS', 'secret'],
    ['W3B_KEY_SEQUENCER', 'secret key'],
    ['W3B_LOG_LEVEL', 'secret'],
  ])('names %s when it is %j, without its value', (name, value) => {
    const words = problems('sequencer', { ...full, [name]: value })
    expect(words).toContain(name)
    expect(words).not.toContain('secret key')
    expect(words).not.toContain('"secret":')
  })

  it.each([
    ['W3B_ORIGIN_SECRETS', 'hush'],
    ['W3B_ORIGIN_SECRETS', ''],
    ['W3B_DIRECT', 'yes'],
    ['W3B_STREAM_MS', '0'],
    ['W3B_STREAM_MS', '60001'],
  ])('names %s of ingest when it is %j', (name, value) => {
    const words = problems('ingest', { ...full, [name]: value })
    expect(words).toContain(name)
    expect(words).not.toContain('hush')
  })
})
