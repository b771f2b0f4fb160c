import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedHandleCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import type { GrpcMethod } from '../grpc/protocols.ts'

type Request = Readonly<Record<string, unknown>>

/** How a server answers one call. */
export interface GrpcAnswer {
  readonly method: GrpcMethod
  readonly handle: UntypedHandleCall
}

/** What a call is refused with. */
export class GrpcStatus extends Error {
  readonly code: number
  readonly details: string

  constructor(code: number, details = '') {
    super(details)
    this.code = code
    this.details = details
  }
}

/** Answers with what `reply` returns, or with the `GrpcStatus` that it throws. */
export const answer = (
  method: GrpcMethod,
  reply: (request: Request, call: ServerUnaryCall<object, object>) => object | Promise<object>,
): GrpcAnswer => ({
  method,
  handle: async (call: ServerUnaryCall<object, object>, done: (error: GrpcStatus | null, value?: object) => void) => {
    try {
      done(null, await reply({ ...call.request }, call))
    } catch (error) {
      done(error instanceof GrpcStatus ? error : new GrpcStatus(2, String(error)))
    }
  },
})

/** Answers as `reply` writes to the call. */
export const stream = (
  method: GrpcMethod,
  reply: (call: ServerWritableStream<object, object>, request: Request) => void,
): GrpcAnswer => ({
  method,
  handle: (call: ServerWritableStream<object, object>) => reply(call, { ...call.request }),
})

/** A real gRPC server on 127.0.0.1, or where it is told, for the time of a test; calls that it is not told are UNIMPLEMENTED. */
export async function startGrpcServer(
  answers: readonly GrpcAnswer[],
  listen = '127.0.0.1:0',
): Promise<{ readonly address: string; readonly port: number; stop(): void } & AsyncDisposable> {
  const server = new Server({ 'grpc.max_send_message_length': -1, 'grpc.max_receive_message_length': -1 })
  const implementation: UntypedServiceImplementation = {}
  for (const { method, handle } of answers) implementation[method.path] = handle
  server.addService(Object.fromEntries(answers.map(({ method }) => [method.path, method])), implementation)
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(listen, ServerCredentials.createInsecure(), (error, at) =>
      error === null ? resolve(at) : reject(error),
    )
  })
  const stop = (): void => server.forceShutdown()
  return { address: `grpc://127.0.0.1:${bound}`, port: bound, stop, [Symbol.asyncDispose]: async () => stop() }
}
