import { fileURLToPath } from 'node:url'
import protobuf from 'protobufjs'

const folder = new URL('../../../zk/proto/', import.meta.url)

/** The protocols as packages/zk/proto has them, in the form of `src/grpc/protocols.json`. */
export function protocolsFromSources(): protobuf.INamespace {
  const root = new protobuf.Root()
  for (const name of ['runtime', 'vm_runtime', 'vm'])
    root.loadSync(fileURLToPath(new URL(`${name}.proto`, folder)), { keepCase: true })
  return root.toJSON()
}
