import type { Address } from '@w3bstream/protocol'
import type { Contracts } from './Contracts.ts'

/** @returns the addresses of those contracts that the deployment has */
export function contractAddresses(contracts: Contracts): readonly Address[] {
  return Object.values<Address | null | undefined>({ ...contracts }).filter((one) => one != null)
}
