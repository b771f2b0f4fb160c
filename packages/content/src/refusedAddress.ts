import ipaddr from 'ipaddr.js'

/** Azure's host agent answers every machine there at this public-looking address. */
const AZURE_WIRE_SERVER = '168.63.129.16'
/** The only IPv6 block that IANA has given out for global unicast. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')

/**
 * Says why a project's URL must not lead to an address. Everything that is not plainly public is refused: loopback, private, link-local
 * (metadata services), carrier-grade NAT, multicast, reserved, and IPv6 forms that carry an IPv4 address (mapped, 6to4, NAT64, Teredo).
 * @param address an IP address in text
 * @returns the kind of address, or null where it is public
 */
export function refusedAddress(address: string): string | null {
  if (!ipaddr.isValid(address)) return 'not an address'
  const parsed = ipaddr.parse(address)
  const range = parsed.range()
  if (range !== 'unicast') return range
  if (parsed.kind() === 'ipv4') return parsed.toString() === AZURE_WIRE_SERVER ? 'metadata' : null
  return parsed.match(GLOBAL_UNICAST) ? null : 'reserved'
}
