import type { InputField } from '@w3bstream/protocol'

/** A reading's fields, as the circuit has them and the guest checks them: degrees Celsius with at most one decimal place, and Unix seconds. */
export const FIELDS: readonly InputField[] = [
  { name: 'temperature', scale: 1, min: -400n, max: 600n },
  { name: 'time', scale: 0, min: 0n, max: 2n ** 40n - 1n },
]
