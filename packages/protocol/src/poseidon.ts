import { Field } from '@noble/curves/abstract/modular.js'
import { grainGenConstants } from '@noble/curves/abstract/poseidon.js'

/** The order of BN254's scalar field: what a Halo2 circuit computes in. */
export const BN254_R = 21888242871839275222246405745257275088548364400416034343698204186575808495617n

const T = 4
const RATE = 3
const FULL_ROUNDS = 8
const PARTIAL_ROUNDS = 56

/**
 * Poseidon over BN254's scalar field as halo2-base has it: x^5, T = 4, rate 3, 8 full and 56 partial rounds, Grain constants, the Cauchy matrix unskipped.
 *
 * The state starts as [2^64, 0, 0, 0]; each chunk of 3 is added to the last three words, a short chunk adds 1 after its last element, and the state is
 * permuted; a length divisible by 3 absorbs one empty chunk more. Word 1 is the hash.
 * @param preimage field elements; one that is not below the modulus is refused
 * @throws {RangeError}
 */
export function poseidon(preimage: readonly bigint[]): bigint {
  for (const element of preimage)
    if (element < 0n || element >= BN254_R) throw new RangeError('an element is not below the modulus')
  let state = [1n << 64n, 0n, 0n, 0n]
  for (let at = 0; at <= preimage.length; at += RATE) {
    const chunk = preimage.slice(at, at + RATE)
    const absorbed = chunk.length < RATE ? [...chunk, 1n] : chunk
    state = permute(state.map((word, i) => word + (i === 0 ? 0n : (absorbed[i - 1] ?? 0n))))
  }
  return state[1] ?? 0n
}

interface Constants {
  readonly mds: readonly (readonly bigint[])[]
  readonly rounds: readonly (readonly bigint[])[]
}

let known: Constants | undefined

/** Takes about 0.1 s, so only who hashes pays for it. */
function constants(): Constants {
  if (known === undefined) {
    const { mds, roundConstants } = grainGenConstants({
      Fp: Field(BN254_R),
      t: T,
      roundsFull: FULL_ROUNDS,
      roundsPartial: PARTIAL_ROUNDS,
    })
    known = { mds, rounds: roundConstants }
  }
  return known
}

const pow5 = (x: bigint): bigint => {
  const squared = (x * x) % BN254_R
  return (((squared * squared) % BN254_R) * x) % BN254_R
}

function permute(input: readonly bigint[]): bigint[] {
  const { mds, rounds } = constants()
  let state = [...input]
  for (const [round, added] of rounds.entries()) {
    const full = round < FULL_ROUNDS / 2 || round >= FULL_ROUNDS / 2 + PARTIAL_ROUNDS
    const mixed = state.map((word, i) => {
      const sum = (word + (added[i] ?? 0n)) % BN254_R
      return full || i === 0 ? pow5(sum) : sum
    })
    state = mds.map((row) => row.reduce((sum, factor, i) => sum + factor * (mixed[i] ?? 0n), 0n) % BN254_R)
  }
  return state
}
