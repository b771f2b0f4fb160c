import type { Graph, Resource } from '../synth/synthesise.ts'
import { at, type Check, jsonAt, listAt, ofType, textAt } from './graphOf.ts'
import { statePartitions } from './statePartitions.ts'

/** Actions that may name every resource, and why. */
const ANY_RESOURCE: Readonly<Record<string, string>> = {
  'xray:PutTraceSegments': 'X-Ray has no resources that could be named',
  'xray:PutTelemetryRecords': 'X-Ray has no resources that could be named',
  'ecr:GetAuthorizationToken': 'a token is for the registry, not for a repository',
}

/** Resources that may end in a wildcard, and why. */
const PARTS: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  { pattern: /^arn:aws:logs:[^*]+:log-group:[^*]+:\*$/, why: 'the streams of one log group' },
  { pattern: /^arn:aws:dynamodb:[^*]+:table\/[^*]+\/index\/\*$/, why: 'the indexes of one table' },
  {
    pattern: /^arn:aws:ecs:[^*]+:task\/[^*]+\/\*$/,
    why: 'tasks of one cluster, for a prover that asks not to be stopped in mid-proof: a task’s id is drawn when it starts',
  },
  { pattern: /^arn:aws:s3:::[^*]+\/(?:blobs|batches|exports)\/\*$/, why: 'the objects of one part of the bucket' },
]

/** Policies whose list of actions AWS keeps, and why. */
const MANAGED: Readonly<Record<string, string>> = {
  'arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role':
    'what the agent on an instance has to do, which containers cannot reach',
}

/** Which keys a unit may sign with, and which it may know the address of. */
const KEYS: Readonly<Record<string, { readonly sign: readonly string[]; readonly know: readonly string[] }>> = {
  Sequencer: { sign: ['SequencerKey', 'SettlerKey'], know: ['ProverKey'] },
  Settler: { sign: ['SettlerKey'], know: [] },
  Prover: { sign: ['ProverKey'], know: [] },
  GpuProver: { sign: ['ProverKey'], know: [] },
  Node: { sign: ['SettlerKey'], know: [] },
}

interface Statement {
  readonly actions: readonly string[]
  readonly resources: readonly string[]
  /** The beginnings of partition keys that it is bound to; null: none. */
  readonly partitions: readonly string[] | null
}

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.map(String) : value === undefined ? [] : [String(value)]

function partitionsOf(condition: unknown): readonly string[] | null {
  const keys = at(condition, 'ForAllValues:StringLike', 'dynamodb:LeadingKeys')
  return keys === undefined ? null : texts(keys)
}

/** What a role's or a user's own policies allow. */
function statementsOf(resource: Resource): Statement[] {
  const documents =
    resource.type === 'aws:iam/role:Role'
      ? listAt(resource.inputs, 'inlinePolicies').map((policy) => jsonAt(policy, 'policy'))
      : [jsonAt(resource.inputs, 'policy')]
  return documents.flatMap((document) =>
    listAt(document, 'Statement').map((one) => ({
      actions: texts(at(one, 'Action') ?? at(one, 'actions')),
      resources: texts(at(one, 'Resource') ?? at(one, 'resources')),
      partitions: partitionsOf(at(one, 'Condition')),
    })),
  )
}

/** What every role of the deployment may do. */
export const principals = (
  graph: Graph,
): readonly { readonly resource: Resource; readonly statements: Statement[] }[] =>
  [
    ...ofType(graph, 'aws:iam/role:Role'),
    ...ofType(graph, 'aws:iam/userPolicy:UserPolicy'),
    ...ofType(graph, 'aws:iam/rolePolicy:RolePolicy'),
  ].map((resource) => ({ resource, statements: statementsOf(resource) }))

/** Roles do what they name on what they name; the exceptions are above, with their reasons. */
export const checkPermissions: Check = (graph) => {
  const problems: string[] = []
  for (const { resource, statements } of principals(graph)) {
    const { name } = resource
    for (const { actions, resources } of statements) {
      for (const action of actions) if (action.includes('*')) problems.push(`${name} may do ${action}`)
      if (resources.length === 0) problems.push(`${name}: a statement names no resource`)
      for (const one of resources) {
        if (one === '*')
          for (const action of actions) {
            if (!(action in ANY_RESOURCE)) problems.push(`${name} may do ${action} to anything`)
          }
        else if (one.includes('*') && !PARTS.some(({ pattern }) => pattern.test(one)))
          problems.push(`${name} may reach ${one}`)
      }
    }
    for (const arn of texts(at(resource.inputs, 'managedPolicyArns')))
      if (!(arn in MANAGED)) problems.push(`${name} has the policy ${arn}`)
    problems.push(...keyProblems(name, statements), ...stateProblems(name, statements))
  }
  for (const type of ['aws:iam/rolePolicyAttachment:RolePolicyAttachment', 'aws:iam/policy:Policy'])
    for (const { name } of ofType(graph, type)) problems.push(`${name} is a policy that nothing here reads`)
  for (const { name, inputs } of ofType(graph, 'aws:lambda/permission:Permission')) {
    const throughUrl = at(inputs, 'functionUrlAuthType') === 'NONE' || at(inputs, 'invokedViaFunctionUrl') === true
    if (textAt(inputs, 'principal') === '*' && !throughUrl) problems.push(`${name} lets anybody call`)
  }
  return problems
}

function stateProblems(name: string, statements: readonly Statement[]): string[] {
  const unit = name.replace(/(?:ExecutionRole|TaskRole|AwsPolicy)$/, '')
  const { read, write } = statePartitions[unit] ?? { read: [], write: [] }
  return statements
    .filter(({ resources }) => resources.some((arn) => /:table\/[^/]*State[^/]*$/.test(arn)))
    .flatMap(({ actions, partitions }) =>
      actions.flatMap((action) => {
        const reads = ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'].includes(action)
        const allowed = reads ? [...read, ...write] : write
        if (partitions === null) return [`${name} may do ${action} to all of the state`]
        return partitions
          .filter((one) => !allowed.includes(one))
          .map((one) => `${name} may do ${action} to ${one} of the state`)
      }),
    )
}

function keyProblems(name: string, statements: readonly Statement[]): string[] {
  const unit = name.replace(/(?:Execution|Task)Role$/, '')
  const allowed = KEYS[unit] ?? { sign: [], know: [] }
  return statements.flatMap(({ actions, resources }) =>
    resources
      .filter((arn) => arn.includes(':kms:'))
      .flatMap((arn) => {
        const key = arn.split('/').at(-1) ?? ''
        return actions.flatMap((action) => {
          const isRight =
            (allowed.sign.includes(key) && ['kms:Sign', 'kms:GetPublicKey'].includes(action)) ||
            (allowed.know.includes(key) && action === 'kms:GetPublicKey')
          return isRight ? [] : [`${name} may do ${action} with ${key}`]
        })
      }),
  )
}
