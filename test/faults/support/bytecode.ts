import type { Hex } from '@w3bstream/protocol'

/** Runtime code that takes any call and returns nothing. */
export const ACCEPTING: Hex = '0x00'

/** Runtime code that uses up all the gas it gets. */
export const BURNING: Hex = '0x5b600056'

/** Runtime code that answers every call with 1, as a token might. */
export const ANSWERING_ONE: Hex = '0x600160005260206000f3'

/** Runtime code that reverts every call with `data`, of 255 bytes at the most. */
export function reverting(data: Hex): Hex {
  const length = ((data.length - 2) / 2).toString(16).padStart(2, '0')
  return `0x60${length}600c60003960${length}6000fd${data.slice(2)}`
}
