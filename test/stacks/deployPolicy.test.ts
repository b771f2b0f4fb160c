import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { listAt, textAt } from './checks/graphOf.ts'
import { BESIDE, DEPLOYED } from './deployActions.ts'
import { type Graph, synthesise } from './synth/synthesise.ts'

const policy: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/deploy-policy.json'), 'utf8'))

/** A managed policy may have so many characters, white space not counted; source: the quotas of IAM. */
const MAX_POLICY_CHARACTERS = 6_144

const texts = (value: unknown, key: string): string[] => {
  const one = textAt(value, key)
  return one === '' ? listAt(value, key).map(String) : [one]
}

const STATEMENTS = listAt(policy, 'Statement').map((one) => ({
  sid: textAt(one, 'Sid'),
  effect: textAt(one, 'Effect'),
  actions: texts(one, 'Action'),
  resources: texts(one, 'Resource'),
}))

/** IAM's wildcards, which pass over anything; letters of actions count alike in either case. */
const matches = (pattern: string, text: string, flags = '') =>
  new RegExp(`^${pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, flags).test(text)

/** Whether the policy allows an action; `*` is what cannot be named, which only a `*` allows. */
const allows = (action: string, resource: string, statements = STATEMENTS): boolean =>
  statements.some(
    ({ effect, actions, resources }) =>
      effect === 'Allow' &&
      actions.some((pattern) => matches(pattern, action, 'i')) &&
      resources.some((pattern) => pattern === '*' || (resource !== '*' && matches(pattern, resource))),
  )

const graphs: Graph[] = []
beforeAll(async () => {
  for (const stage of ['everything', 'worker', 'direct'])
    graphs.push(await synthesise({ stage, config: `test/stacks/variants/${stage}.ts`, bundle: false }))
}, 300_000)

/** What a deploy calls and the statements do not allow. */
function missing(statements: typeof STATEMENTS): string[] {
  const found = new Set<string>()
  for (const graph of graphs)
    for (const resource of graph.resources.filter(({ custom }) => custom)) {
      const deployed = DEPLOYED[resource.type]
      if (deployed === undefined) found.add(`what ${resource.type} needs is not known: see deployActions.ts`)
      else if (deployed !== null)
        for (const action of deployed.actions)
          if (!allows(action, deployed.arn(resource), statements)) found.add(`${action} on ${deployed.arn(resource)}`)
    }
  for (const [action, resource] of BESIDE)
    if (!allows(action, resource, statements)) found.add(`${action} on ${resource}`)
  return [...found]
}

describe('docs/deploy-policy.json', () => {
  it('allows all that a deploy calls', () => {
    expect(missing(STATEMENTS)).toEqual([])
  })

  it.each(STATEMENTS)('needs its statement $sid', ({ sid }) => {
    expect(missing(STATEMENTS.filter((one) => one.sid !== sid))).not.toEqual([])
  })

  it.each([
    ['dynamodb:GetItem', 'arn:aws:dynamodb:eu-west-1:123456789012:table/w3bstream-production-MessagesTable'],
    ['dynamodb:DeleteItem', 'arn:aws:dynamodb:eu-west-1:123456789012:table/w3bstream-production-StateTable'],
    ['s3:GetObject', 'arn:aws:s3:::w3bstream-production-objectsbucket/blobs/a'],
    ['sqs:SendMessage', 'arn:aws:sqs:eu-west-1:123456789012:w3bstream-production-Settle'],
    ['sqs:ReceiveMessage', 'arn:aws:sqs:eu-west-1:123456789012:w3bstream-production-Settle'],
    ['kms:Sign', 'arn:aws:kms:eu-west-1:123456789012:key/0123abcd'],
    ['kms:Decrypt', 'arn:aws:kms:eu-west-1:123456789012:key/0123abcd'],
    ['dynamodb:DeleteTable', 'arn:aws:dynamodb:eu-west-1:123456789012:table/another'],
    ['s3:DeleteBucket', 'arn:aws:s3:::another'],
    ['iam:CreateRole', 'arn:aws:iam::123456789012:role/another'],
    ['iam:PassRole', 'arn:aws:iam::123456789012:role/another'],
    ['ssm:GetParameter', 'arn:aws:ssm:eu-west-1:123456789012:parameter/another/secret'],
    ['logs:GetLogEvents', 'arn:aws:logs:eu-west-1:123456789012:log-group:/w3bstream/w3bstream-dev/ingest:log-stream:a'],
  ])('does not allow %s on %s', (action, resource) => {
    expect(allows(action, resource)).toBe(false)
  })

  it('allows no service whole but those that hold nothing', () => {
    const whole = STATEMENTS.flatMap(({ actions }) => actions.filter((action) => /^[^:]*:?\*$/.test(action)))
    expect([...new Set(whole)].sort()).toEqual(['application-autoscaling:*', 'ecr:*'])
  })

  it('fits into a managed policy', () => {
    expect(JSON.stringify(policy).length).toBeLessThan(MAX_POLICY_CHARACTERS)
  })

  it('is asked of each type: one that is forgotten is noticed', () => {
    const known = new Set(Object.keys(DEPLOYED))
    const used = new Set(
      graphs.flatMap(({ resources }) => resources.filter(({ custom }) => custom).map(({ type }) => type)),
    )
    expect([...known].filter((type) => !used.has(type))).toEqual([])
  })
})
