use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use halo2_kit::poseidon;

/// What keeps a reading's signature from being anything else's, as a big-endian integer.
pub const TAG: &[u8; 20] = b"W3bstream-reading-v1";

/// What a device signs of a reading: Poseidon of tag, scope, time and the temperature's limb `u`.
///
/// The hash as an integer below BN254's scalar field is what ECDSA takes for the message's hash. `scope` names registry
/// and project: keccak256(abi.encode(EIP-712 domain separator of the registry, uint64 project id)) >> 8.
pub fn digest(scope: Fr, time: u64, temperature: u64) -> Fr {
    poseidon(&[tag(), scope, Fr::from(time), Fr::from(temperature)])
}

pub(crate) fn tag() -> Fr {
    TAG.iter().fold(Fr::zero(), |tag, byte| {
        tag * Fr::from(256) + Fr::from(u64::from(*byte))
    })
}
