// Writes src/grpc/protocols.json from the protocols' sources in packages/zk/proto: `node packages/runtimes/src/test/writeProtocols.ts`.
import { writeFileSync } from 'node:fs'
import { protocolsFromSources } from './protocolsFromSources.ts'

writeFileSync(
  new URL('../grpc/protocols.json', import.meta.url),
  `${JSON.stringify(protocolsFromSources(), null, 2)}\n`,
)
