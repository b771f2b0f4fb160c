/**
 * The release of RISC Zero whose Groth16 receipts our verifier contract takes: 3.x. The contract's constructor takes no other parameters.
 * Source: crates risc0-circuit-recursion 4.0 and risc0-zkvm 3.0; the control id is in the opposite byte order to theirs, as verifier contracts have it.
 */
export const riscZeroRelease = {
  selector: '0x73c457ba',
  controlRoot: '0xa54dc85ac99f851c92d7c96d7318af41dbe7c0194edfcc37eb4d422a998c1f56',
  bn254ControlId: '0x04446e66d300eb7fb45c9726bb53c793dda407a62e9601618bb43c5c14657ac0',
  /** Bytes of a Groth16 receipt's seal: the selector, then the proof. */
  sealBytes: 260,
  /** A verification takes about 225,000 through the router. */
  verifyGas: 300_000,
} as const
