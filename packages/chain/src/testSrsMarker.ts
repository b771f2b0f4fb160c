import type { Hex } from '@w3bstream/protocol'

/**
 * 32 bytes that stand in the code of every Halo2 verifier made from the SRS for tests, whose secret anyone can compute: proofs for such a verifier can
 * be forged. `packages/zk/halo2-kit` makes that SRS.
 */
export const TEST_SRS_MARKER: Hex = '0x13866db63f4d8f5c6e846a6b60300080e6221122d9e3c72ef055e81c6fa16954'
