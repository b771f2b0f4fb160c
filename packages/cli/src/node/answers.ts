import * as z from 'zod'

/** What the CLI reads of a node's answers; members that it does not know are kept for `--json`. */
const state = z.looseObject({
  state: z.string(),
  time: z.string(),
  actor: z.string(),
  reason: z.string(),
  result: z.string().nullable(),
})
const task = z.looseObject({
  id: z.string(),
  number: z.string(),
  projectId: z.string(),
  version: z.string(),
  state: z.string(),
  runtime: z.string(),
  messageCount: z.number(),
  prover: z.string().nullable(),
  proof: z.looseObject({ bytes: z.number(), bound: z.boolean(), provingMs: z.number() }).nullable(),
  settlement: z
    .looseObject({ chainId: z.string(), contract: z.string(), transactionHash: z.string(), blockNumber: z.string() })
    .nullable(),
  failure: z.string().nullable(),
})
const project = z.looseObject({
  id: z.string(),
  uri: z.string(),
  hash: z.string(),
  paused: z.boolean(),
  owner: z.string().nullable(),
})
const token = z.looseObject({
  id: z.string(),
  label: z.string(),
  scopes: z.array(z.string()),
  projectId: z.string().nullable(),
  expiresAt: z.string().nullable(),
})

export const answers = {
  accepted: z.looseObject({ messageId: z.string(), duplicate: z.boolean() }),
  domain: z.looseObject({
    chainId: z.string().regex(/^[0-9]{1,78}$/),
    verifyingContract: z.string().regex(/^0x[0-9a-f]{40}$/),
  }),
  error: z.looseObject({ code: z.string().optional(), error: z.string(), hint: z.string().optional() }),
  message: z.looseObject({
    messageId: z.string(),
    projectId: z.string(),
    version: z.string(),
    device: z.string().nullable(),
    state: z.string(),
    traceId: z.string().optional(),
    task: z.looseObject({ id: z.string(), number: z.string() }).nullable(),
    states: z.array(state),
    data: z.string().optional(),
  }),
  nothing: z.undefined(),
  project: project.extend({
    defaultVersion: z.string(),
    versions: z.array(z.looseObject({ version: z.string(), vmType: z.string(), codeBytes: z.number() })),
  }),
  projects: z.looseObject({ projects: z.array(project) }),
  published: z.looseObject({
    projectId: z.string(),
    uri: z.string(),
    hash: z.string(),
    transactionHash: z.string().nullable(),
  }),
  receipt: z.looseObject({ format: z.string() }),
  state,
  task,
  taskWithStates: task.extend({ states: z.array(state) }),
  tokens: z.looseObject({ tokens: z.array(token) }),
  tokenWithSecret: token.extend({ secret: z.string() }),
} as const

export type State = z.infer<typeof state>
export type Task = z.infer<typeof task>
