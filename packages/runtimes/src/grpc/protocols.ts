import type { MethodDefinition } from '@grpc/grpc-js'
import { fromJSON } from '@grpc/proto-loader'
import { z } from 'zod'
import { countFields, type MessageShape } from './countFields.ts'
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

/** An honest answer has some dozens, and one for each public input. */
const MOST_FIELDS = 10_000

function service(name: string): (method: string, answer?: MessageShape) => GrpcMethod {
  const found = methods.parse(packages[name])
  return (method, answer = {}) => {
    const definition = found[method]
    if (definition === undefined) throw new TypeError(`${name} has no ${method}`)
    const responseDeserialize: GrpcMethod['responseDeserialize'] = (bytes) => {
      if (countFields(bytes, answer, MOST_FIELDS) > MOST_FIELDS) throw new RangeError(`more than ${MOST_FIELDS} fields`)
      return definition.responseDeserialize(bytes)
    }
    return { ...definition, responseDeserialize }
  }
}

const ours = service('w3bstream.runtime.v1.Runtime')
const vmRuntime = service('vm_runtime.VmRuntime')
const vm = service('vm.VM')

/** The calls of the three protocols. `protocols.json` is written by `src/test/writeProtocols.ts` from packages/zk/proto. */
export const protocols = {
  ours: {
    describe: ours('Describe', { 3: {} }),
    load: ours('Load'),
    execute: ours('Execute'),
    prove: ours('Prove', { 1: {}, 2: { 7: {} } }),
    verify: ours('Verify'),
  },
  vmRuntime: { create: vmRuntime('Create'), execute: vmRuntime('ExecuteOperator') },
  vm: { create: vm('NewProject'), execute: vm('ExecuteTask') },
} as const
