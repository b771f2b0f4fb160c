import type { MethodDefinition } from '@grpc/grpc-js'
import { fromJSON } from '@grpc/proto-loader'
import { z } from 'zod'
import descriptors from './protocols.json' with { type: 'json' }

export type GrpcMethod = MethodDefinition<object, object>

const methods = z.record(
  z.string(),
  z.custom<GrpcMethod>((value) => typeof value === 'object' && value !== null && 'requestSerialize' in value),
)

const packages = fromJSON(
  z.custom<Parameters<typeof fromJSON>[0]>((value) => value === descriptors).parse(descriptors),
  {
    keepCase: true,
    longs: String,
    enums: String,
    bytes: Buffer,
    defaults: true,
    oneofs: true,
  },
)

function service(name: string): (method: string) => GrpcMethod {
  const found = methods.parse(packages[name])
  return (method) => {
    const definition = found[method]
    if (definition === undefined) throw new TypeError(`${name} has no ${method}`)
    return definition
  }
}

const ours = service('w3bstream.runtime.v1.Runtime')
const vmRuntime = service('vm_runtime.VmRuntime')
const vm = service('vm.VM')

/** The calls of the three protocols. `protocols.json` is written by `src/test/writeProtocols.ts` from packages/zk/proto. */
export const protocols = {
  ours: {
    describe: ours('Describe'),
    load: ours('Load'),
    execute: ours('Execute'),
    prove: ours('Prove'),
    verify: ours('Verify'),
  },
  vmRuntime: { create: vmRuntime('Create'), execute: vmRuntime('ExecuteOperator') },
  vm: { create: vm('NewProject'), execute: vm('ExecuteTask') },
} as const
