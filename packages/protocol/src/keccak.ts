import { keccak_256 } from '@noble/hashes/sha3.js'
import { compileKeccak } from '#compileKeccak'

let compiled: ((bytes: Uint8Array) => Uint8Array) | null = null

/** keccak256: in WebAssembly once that is compiled, some milliseconds after a Node process starts; in JavaScript before, and elsewhere. */
export function keccak(bytes: Uint8Array): Uint8Array {
  return compiled === null ? keccak_256(bytes) : compiled(bytes)
}

// Pages and edge workers may forbid compiling, and have few digests to make.
if (globalThis.process?.versions?.node !== undefined)
  compileKeccak().then(
    (hash) => {
      compiled = hash
    },
    () => {
      // JavaScript goes on making the same digests.
    },
  )
