import * as z from 'zod'
import { InvalidInputError } from './errors/InvalidInputError.ts'
import type { Hex } from './Hex.ts'
import type { Receipt } from './Receipt.ts'

const bytes = (size: string) =>
  z
    .string()
    .regex(new RegExp(`^0x(?:[0-9a-fA-F]{2})${size}$`), 'has to be hex with 0x')
    .transform((value) => value.toLowerCase() as Hex)
const word = bytes('{32}')
const address = bytes('{20}')
const signature = bytes('{64,65}')
const count = z.int().min(0)
const uint64 = z.string().regex(/^(?:0|[1-9][0-9]{0,19})$/, 'has to be decimal digits')
const uint256 = z.string().regex(/^(?:0|[1-9][0-9]{0,77})$/, 'has to be decimal digits')

const schema = z.object({
  format: z.literal('w3bstream-receipt-1'),
  messageId: z.guid().transform((id) => id.toLowerCase()),
  taskId: word,
  taskNumber: uint64,
  projectId: uint64,
  projectVersion: z.string().max(256),
  device: z.string().max(256).nullable(),
  state: z.enum(['packed', 'assigned', 'proved', 'submitted', 'settled', 'finalized', 'failed']),
  failure: z.string().nullable(),
  merkleRoot: word,
  inputBound: z.boolean(),
  runtime: z.string().max(64),
  proofBytes: count.nullable(),
  prover: address.nullable(),
  chainId: count.nullable(),
  contract: address.nullable(),
  transactionHash: word.nullable(),
  blockNumber: count.nullable(),
  gasUsed: count.nullable(),
  verified: z.boolean(),
  finalized: z.boolean(),
  timings: z.record(z.string(), z.number()),
  evidence: z.object({
    domain: z.object({ chainId: uint256, verifyingContract: address }),
    message: z.object({
      nonce: uint64.nullable(),
      payloadHash: word,
      auth: z.enum(['none', 'device', 'legacy', 'token']),
      signature: signature.nullable(),
      receivedAt: count,
      digest: word,
    }),
    inclusion: z.object({ index: count, count, path: z.array(word).max(64), blind: word }),
    task: z.object({
      configHash: word,
      messageCount: count,
      inputCommitment: word,
      sequencer: address,
      signature: signature.nullable(),
    }),
    assignment: z.object({ deadline: uint64, attempt: uint64, signature }).nullable(),
    result: z
      .object({
        proofHash: word,
        outputs: bytes('{0,1048576}'),
        outputsHash: word,
        chainId: uint256,
        router: address,
        signature,
      })
      .nullable(),
    blockHash: word.nullable(),
  }),
})

/**
 * Reads a receipt that came from outside. Only its form is checked: see `verifyReceipt`.
 *
 * @throws {InvalidInputError} naming the field
 */
export function parseReceipt(value: unknown): Receipt {
  const read = schema.safeParse(value)
  if (read.success) return read.data
  const [issue] = read.error.issues
  throw new InvalidInputError({
    field: ['receipt', ...(issue?.path ?? [])].join('.'),
    problem: `is not as a receipt has it: ${issue?.message}`,
    cause: read.error,
  })
}
