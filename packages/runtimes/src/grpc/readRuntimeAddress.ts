import { InvalidConfigError } from '@w3bstream/protocol'

/** Where a runtime's server listens, as gRPC writes it. */
export interface RuntimeAddress {
  readonly target: string
  readonly tls: boolean
}

const PORT = /^\d{1,5}$/

/**
 * Reads `grpc://host:port`, `grpcs://host:port` (TLS, by the machine's certificate authorities) or `grpc+unix:/path`. What `grpc://` carries goes in
 * clear, to another machine too: right inside a private network alone.
 * @throws {InvalidConfigError}
 */
export function readRuntimeAddress(text: string): RuntimeAddress {
  const refuse = (problem: string): InvalidConfigError =>
    new InvalidConfigError({ problems: [`the address of a runtime ${problem}`] })
  const path = /^grpc\+unix:(?:\/\/)?(\/.+)$/.exec(text)?.[1]
  if (path !== undefined) return { target: `unix:${path}`, tls: false }
  const [, scheme, host, port] = /^(grpcs?):\/\/(\[[0-9a-fA-F:.]+\]|[^/?#@:[\]]+):([^/]*)\/?$/.exec(text) ?? []
  if (host === undefined || port === undefined)
    throw refuse('has to be grpc://host:port, grpcs://host:port or grpc+unix:/path')
  if (!PORT.test(port) || Number(port) < 1 || Number(port) > 65_535) throw refuse('has a port that is none')
  return { target: host.startsWith('[') ? `ipv6:${host}:${port}` : `dns:${host}:${port}`, tls: scheme === 'grpcs' }
}
