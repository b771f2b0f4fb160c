import { z } from '@hono/zod-openapi'

const uint64 = z.string().regex(/^(0|[1-9][0-9]{0,19})$/)
const projectId = uint64.openapi({
  description: 'A project: an integer from 1 to 2^64-1 in decimal digits.',
  example: '1',
})
const hash = z.string().regex(/^0x[0-9a-f]{64}$/)
const address = z.string().regex(/^0x[0-9a-f]{40}$/)
const hex = z.string().regex(/^0x([0-9a-f]{2})*$/)
const time = z.string().openapi({ format: 'date-time' })
const traceId = z
  .string()
  .regex(/^[0-9a-f]{32}$/)
  .openapi({ description: 'The W3C trace id that its spans and log lines name.' })
const uuid = z.string().openapi({ format: 'uuid' })
const taskState = z.enum(['packed', 'assigned', 'proved', 'submitted', 'settled', 'finalized', 'failed'])
const scope = z.enum(['send', 'read', 'operate'])

const error = z
  .object({
    code: z.string().openapi({ example: 'INVALID_INPUT' }),
    error: z.string(),
    hint: z.string().optional(),
  })
  .openapi('Error')

const idempotencyKey = z.string().min(1).max(256).optional()

const newMessage = z
  .strictObject({
    projectId,
    version: z.string().min(1).max(128).nullish().openapi({ description: "Absent: the project file's default." }),
    data: z.string().openapi({ description: 'What the program receives.' }),
    device: z.string().optional().openapi({
      description:
        "The device's DID in its normal form (`did:io:` in small letters and without `0x`). Comes with `nonce` and `signature`.",
      example: 'did:io:19e7e376e7c213b7e7e7e46cc70a5dd086daff2a',
    }),
    nonce: uint64.optional().openapi({ description: "Each of a device's messages has its own." }),
    signature: hex.optional().openapi({
      description:
        'Over the EIP-712 digest of Message(uint64 projectId,string version,string device,uint64 nonce,bytes32 payloadHash).',
    }),
    idempotencyKey: idempotencyKey.openapi({
      description:
        'The same key with the same data gives the first answer again. For senders with a token or a signature. The id of a message without a nonce follows from it: choose a key that cannot be guessed.',
    }),
  })
  .openapi('NewMessage')

const accepted = z
  .object({
    messageId: uuid,
    duplicate: z.boolean().openapi({ description: 'True where this very message was there already.' }),
  })
  .openapi('Accepted')

const refused = error
  .extend({
    retryAfterS: z.int().optional().openapi({ description: 'Seconds after which sending it again makes sense.' }),
  })
  .openapi('Refused')

const batchResult = z.object({ results: z.array(z.union([accepted, refused])) }).openapi('BatchResult')

const stateEntry = z
  .object({ state: z.string(), time, actor: z.string(), reason: z.string(), result: z.string().nullable() })
  .openapi('StateEntry', {
    description:
      'A step; or, with the state that it is in, a line about how far its proof is, such as `proving: 3 of 20 segments`.',
  })

const message = z
  .object({
    messageId: uuid,
    projectId,
    version: z.string(),
    auth: z.enum(['none', 'device', 'legacy', 'token']),
    device: z.string().nullable(),
    nonce: uint64.nullable(),
    payloadHash: hash,
    receivedAt: time,
    state: z.string().openapi({ description: '`received`, or the state of its task.' }),
    traceId,
    task: z.object({ id: hash, number: uint64, index: z.int(), traceId }).nullable(),
    states: z.array(stateEntry),
    data: z.string().optional().openapi({ description: 'For tokens with the scope `read` alone.' }),
    signature: hex.nullable().optional().openapi({ description: 'For tokens with the scope `read` alone.' }),
  })
  .openapi('Message')

const inclusion = z
  .object({
    messageId: uuid,
    root: hash,
    blind: hash,
    proof: z.object({ index: z.int(), count: z.int(), path: z.array(hash) }),
  })
  .openapi('Inclusion')

const receipt = z
  .looseObject({
    format: z.literal('w3bstream-receipt-1'),
    messageId: uuid,
    taskId: hash,
    taskNumber: uint64,
    projectId,
    projectVersion: z.string(),
    device: z.string().nullable(),
    state: z.string(),
    failure: z.string().nullable().openapi({ description: 'Why its task failed.' }),
    merkleRoot: hash,
    inputBound: z.boolean(),
    runtime: z.string(),
    proofBytes: z.int().nullable(),
    prover: address.nullable(),
    chainId: z.int().nullable(),
    contract: address.nullable(),
    transactionHash: hash.nullable(),
    blockNumber: z.int().nullable(),
    gasUsed: z.int().nullable(),
    verified: z.boolean(),
    finalized: z.boolean(),
    timings: z.record(z.string(), z.number()).openapi({ description: 'Milliseconds a step.' }),
    evidence: z.looseObject({}).openapi({ description: 'What anybody needs to check the rest.' }),
  })
  .openapi('Receipt')

const task = z
  .object({
    id: hash,
    number: uint64,
    projectId,
    version: z.string(),
    state: taskState,
    traceId: traceId.openapi({ description: "Its first message's trace id." }),
    runtime: z.string(),
    configHash: hash,
    messagesRoot: hash,
    messageCount: z.int(),
    inputCommitment: hash,
    sequencer: address,
    createdAt: time,
    updatedAt: time,
    prover: address.nullable(),
    deadline: time.nullable(),
    attempt: uint64.nullable(),
    proof: z
      .object({ bytes: z.int(), hash: hash.nullable(), outputs: hex, bound: z.boolean(), provingMs: z.number() })
      .nullable(),
    settlement: z
      .object({
        chainId: uint64,
        contract: address,
        transactionHash: hash,
        blockNumber: uint64,
        blockHash: hash,
        gasUsed: uint64,
      })
      .nullable(),
    tries: z.int(),
    failure: z.string().nullable(),
  })
  .openapi('Task')

const taskWithStates = task
  .extend({
    states: z.array(stateEntry),
    salt: hash.optional().openapi({ description: 'For tokens with the scope `read` alone.' }),
    messageIds: z
      .array(uuid)
      .optional()
      .openapi({ description: 'In leaf order; for tokens with the scope `read` alone.' }),
  })
  .openapi('TaskWithStates')

const taskPage = z
  .object({
    tasks: z.array(task),
    next: hash.nullable().openapi({
      description:
        "The next page's `before`; null at the end. A page may have fewer tasks than `limit`, and none, although more follow.",
    }),
  })
  .openapi('TaskPage')

const taskQuery = z.object({
  project: projectId.optional(),
  state: taskState.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: hash.optional().openapi({ description: 'A task id: older ones follow.' }),
})

const project = z
  .object({
    id: projectId,
    uri: z.string(),
    hash,
    paused: z.boolean(),
    owner: address.nullable(),
    block: uint64,
  })
  .openapi('Project')

const projectVersion = z
  .looseObject({ version: z.string(), vmType: z.string(), codeBytes: z.int() })
  .openapi('ProjectVersion')

const projectWithVersions = project
  .extend({ defaultVersion: z.string(), versions: z.array(projectVersion) })
  .openapi('ProjectWithVersions')

const projects = z.object({ projects: z.array(project) }).openapi('Projects')

const published = z.object({ projectId, uri: z.string(), hash, transactionHash: hash.nullable() }).openapi('Published')

const newToken = z
  .strictObject({
    label: z.string().min(1).max(100),
    scopes: z.array(scope).min(1).max(3),
    projectId: projectId.nullish().openapi({ description: 'Absent: all projects.' }),
    expiresAt: time.nullish().openapi({ description: 'Absent: never.' }),
  })
  .openapi('NewToken')

const token = z
  .object({
    id: z.string(),
    label: z.string(),
    scopes: z.array(scope),
    projectId: projectId.nullable(),
    createdAt: time,
    expiresAt: time.nullable(),
  })
  .openapi('Token')

const tokenWithSecret = token
  .extend({ secret: z.string().openapi({ description: 'Shown this once.' }) })
  .openapi('TokenWithSecret')

const tokens = z.object({ tokens: z.array(token) }).openapi('Tokens')

/** The shapes of `/v1`: what the OpenAPI document says, and the types of clients. */
export const schemas = {
  accepted,
  batch: z.strictObject({ messages: z.array(newMessage) }).openapi('Batch'),
  batchResult,
  error,
  idempotencyKey,
  inclusion,
  message,
  newMessage,
  newToken,
  project,
  projects,
  projectWithVersions,
  published,
  receipt,
  refused,
  stateEntry,
  task,
  taskPage,
  taskQuery,
  taskWithStates,
  token,
  tokens,
  tokenWithSecret,
}
