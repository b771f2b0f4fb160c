import { status } from '@grpc/grpc-js'
import { ProgramError, ProgramLimitError, RuntimeLostError, UnsupportedRuntimeError } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { SandboxUnavailableError } from '../SandboxUnavailableError.ts'
import { GrpcFailure } from './GrpcFailure.ts'
import { taskErrorOf } from './taskErrorOf.ts'

const here = { vmType: 'risc0', at: null } as const
const refused = (code: number, reason = 'said so') => new GrpcFailure('refused', reason, code)

describe('taskErrorOf', () => {
  it.each([
    ['INVALID_ARGUMENT', refused(status.INVALID_ARGUMENT), ProgramError],
    ['RESOURCE_EXHAUSTED', refused(status.RESOURCE_EXHAUSTED), ProgramLimitError],
    ['OUT_OF_RANGE', refused(status.OUT_OF_RANGE), ProgramLimitError],
    ['FAILED_PRECONDITION', refused(status.FAILED_PRECONDITION), UnsupportedRuntimeError],
    ['UNIMPLEMENTED', refused(status.UNIMPLEMENTED), UnsupportedRuntimeError],
    ['ABORTED', refused(status.ABORTED), RuntimeLostError],
    ['INTERNAL', refused(status.INTERNAL), RuntimeLostError],
    ['no connection', new GrpcFailure('unreachable', 'none', status.UNAVAILABLE), SandboxUnavailableError],
    ['a lost connection', new GrpcFailure('lost', 'reset', status.UNAVAILABLE), RuntimeLostError],
    ['no answer', new GrpcFailure('late', 'too late', status.DEADLINE_EXCEEDED), RuntimeLostError],
    ['nonsense', new GrpcFailure('nonsense', 'what?', status.INTERNAL), ProgramError],
  ])('reads %s', (_what, failure, type) => {
    expect(taskErrorOf(failure, here)).toBeInstanceOf(type)
  })

  it('takes a message that is too large for a limit, which no second proof would keep either', () => {
    const reason = 'Error, encoded message length too large: found 67108900 bytes, the limit is: 67108864 bytes'
    expect(taskErrorOf(refused(status.OUT_OF_RANGE, reason), here)).toMatchObject({
      code: 'PROGRAM_LIMIT',
      retryable: false,
      message: expect.stringContaining(`went over its size limit of messages: ${reason}.`),
    })
  })

  it('says where a runtime is that is not this node’s own, and hands on what is no failure of a call', () => {
    expect(taskErrorOf(refused(status.ABORTED), { vmType: 'halo2', at: 'grpc://prover:4001' })).toMatchObject({
      message: expect.stringContaining('grpc://prover:4001: said so'),
    })
    const other = new TypeError('no failure of a call')
    expect(taskErrorOf(other, here)).toBe(other)
  })
})
