import { lookup as systemLookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { ContentUnavailableError } from '@w3bstream/protocol'
import { displayUrl } from './displayUrl.ts'
import { refusedAddress } from './refusedAddress.ts'

export interface HostAddress {
  readonly address: string
  readonly family: number
}

/** Resolves a host name to all its addresses. */
export type Lookup = (hostname: string) => Promise<readonly HostAddress[]>

/**
 * Resolves a URL's host once and keeps what may be connected to: public addresses, or all of a host and port that `allowPrivate` names.
 * @throws {ContentUnavailableError} none is left
 */
export async function publicAddresses(
  url: URL,
  options: { readonly allowPrivate?: readonly string[]; readonly lookup?: Lookup },
): Promise<readonly HostAddress[]> {
  const hostname = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port
  const resolve = options.lookup ?? ((name: string) => systemLookup(name, { all: true }))
  const family = isIP(hostname)
  const found = family === 0 ? await resolve(hostname) : [{ address: hostname, family }]
  if (options.allowPrivate?.includes(`${url.hostname}:${port}`) === true) return found
  const open = found.filter(({ address }) => refusedAddress(address) === null)
  if (open.length > 0) return open
  const [first] = found
  const uri = displayUrl(url)
  if (first === undefined) throw new ContentUnavailableError({ uri, reason: `${hostname} has no address` })
  const leads = family === 0 ? `${hostname} leads to ${first.address}` : first.address
  const reason = `${leads} (${refusedAddress(first.address)}) is not a public address`
  throw new ContentUnavailableError({ uri, reason, retryable: false })
}
