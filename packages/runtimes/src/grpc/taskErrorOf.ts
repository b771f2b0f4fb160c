import { status } from '@grpc/grpc-js'
import {
  ProgramError,
  ProgramLimitError,
  RuntimeLostError,
  UnsupportedRuntimeError,
  type VmType,
} from '@w3bstream/protocol'
import { SandboxUnavailableError } from '../SandboxUnavailableError.ts'
import { GrpcFailure } from './GrpcFailure.ts'

/** Which runtime it was, for the error's text. */
export interface RuntimeName {
  readonly vmType: VmType
  /** Its address, where it is not this node's own. */
  readonly at: string | null
}

/** What a failed call of our protocol means for the task. Whatever is no GrpcFailure is handed on. */
export function taskErrorOf(error: unknown, { vmType: runtime, at }: RuntimeName): unknown {
  if (!(error instanceof GrpcFailure)) return error
  const reason = at === null ? error.message : `${at}: ${error.message}`
  switch (error.kind) {
    case 'unreachable':
      return new SandboxUnavailableError({ reason })
    case 'lost':
    case 'late':
      return new RuntimeLostError({ runtime, reason, cause: error })
    case 'nonsense':
      return new ProgramError({ runtime, reason })
    default:
      return ofStatus(error.code, runtime, reason)
  }
}

/** The codes as packages/zk/proto/runtime.proto explains them, and those of gRPC itself; any other is a fault of the server. */
function ofStatus(code: number, runtime: VmType, reason: string): Error {
  switch (code) {
    case status.INVALID_ARGUMENT:
      return new ProgramError({ runtime, reason })
    case status.RESOURCE_EXHAUSTED:
      return new ProgramLimitError({ runtime, limit: limitOf(reason) })
    // A message larger than the server sends or takes: as large at every try.
    case status.OUT_OF_RANGE:
      return new ProgramLimitError({ runtime, limit: `size limit of messages: ${reason.replace(/\.$/, '')}` })
    case status.FAILED_PRECONDITION:
    case status.UNIMPLEMENTED:
    case status.PERMISSION_DENIED:
    case status.UNAUTHENTICATED:
      return new UnsupportedRuntimeError({ runtime, reason })
    default:
      return new RuntimeLostError({ runtime, reason })
  }
}

/** A limit's name ends the error's sentence; a sentence of the server's own follows it. */
const limitOf = (reason: string): string => (/^[A-Z]/.test(reason) ? `limits: ${reason.replace(/\.$/, '')}` : reason)
