/**
 * Whose allotment an address takes from: an IPv4 address its own, an IPv6 address that of its /64, since one subscriber holds all of those. An IPv4
 * address written as IPv6 is the IPv4 address. What is no address stands for itself.
 */
export function addressScope(address: string): string {
  const bare = address.replace(/%.*$/, '').toLowerCase()
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)?.[1]
  if (mapped !== undefined) return mapped
  if (!/^[0-9a-f:.]*:[0-9a-f:.]*$/.test(bare)) return address
  const [head = '', tail] = bare.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  // A dotted end stands for two groups, and lies behind the /64 in any case.
  const missing = tail === undefined ? 0 : 8 - before.length - after.length - (bare.includes('.') ? 1 : 0)
  const groups = [...before, ...new Array<string>(Math.max(0, missing)).fill('0'), ...after]
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
