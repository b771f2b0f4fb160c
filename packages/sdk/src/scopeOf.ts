import { concatBytes, type Domain, domainSeparator, keccak256, type ProjectId, toWord } from '@w3bstream/protocol'

/**
 * What a signed reading is for: `uint256(keccak256(abi.encode(domainSeparator, uint64 projectId))) >> 8`, which a circuit's field holds.
 *
 * A signature over one project's readings is worth nothing for another project, registry or chain.
 */
export function scopeOf(domain: Domain, projectId: ProjectId): bigint {
  return BigInt(keccak256(concatBytes(domainSeparator(domain), toWord(projectId)))) >> 8n
}
