use halo2_base::{
    AssignedValue, Context,
    gates::GateInstructions,
    halo2_proofs::halo2curves::bn256::Fr,
    poseidon::hasher::{PoseidonSponge, spec::OptimizedPoseidonSpec},
};
use snark_verifier::{loader::native::NativeLoader, util::hash::Poseidon};
use std::sync::LazyLock;

const T: usize = 4;
const RATE: usize = 3;
const R_F: usize = 8;
const R_P: usize = 56;
const SECURE_MDS: usize = 0;

/// Deriving the constants takes longer than many hashes.
static SPEC: LazyLock<OptimizedPoseidonSpec<Fr, T, RATE>> =
    LazyLock::new(OptimizedPoseidonSpec::new::<R_F, R_P, SECURE_MDS>);

/// Poseidon of the scheme `poseidon-bn254`: x^5, T = 4, rate 3, 8 full and 56 partial rounds, Grain constants.
///
/// The state starts as `[2^64, 0, 0, 0]`; each chunk of 3 is added to the last three words, a short chunk adds 1 after
/// its last element, and the state is permuted; a length divisible by 3 absorbs one empty chunk more. Word 1 is the hash.
pub fn poseidon(preimage: &[Fr]) -> Fr {
    let mut sponge = Poseidon::<Fr, Fr, T, RATE>::from_spec(&NativeLoader, SPEC.clone());
    sponge.update(preimage);
    sponge.squeeze()
}

/// [`poseidon()`] in a circuit.
pub fn assigned_poseidon(
    ctx: &mut Context<Fr>,
    gate: &impl GateInstructions<Fr>,
    preimage: &[AssignedValue<Fr>],
) -> AssignedValue<Fr> {
    let mut sponge = PoseidonSponge::<Fr, T, RATE>::from_spec(ctx, SPEC.clone());
    sponge.update(preimage);
    sponge.squeeze(ctx, gate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2_base::gates::{GateChip, circuit::builder::BaseCircuitBuilder};

    fn hex_of(x: Fr) -> String {
        let mut bytes = x.to_bytes();
        bytes.reverse();
        hex::encode(bytes)
    }

    fn numbers(n: u64) -> Vec<Fr> {
        (1..=n).map(Fr::from).collect()
    }

    #[test]
    fn has_the_published_values() {
        let one_two = "0119d28087185721575e2a87f313ca1879f0d60c7a98047507d28badae50607d";
        let one_two_three = "09fe8b867bdfeb9d5b7240e8bef4fdcbe86bfc7ae4c72899f627907fbe2576b5";
        assert_eq!(hex_of(poseidon(&numbers(2))), one_two);
        assert_eq!(hex_of(poseidon(&numbers(3))), one_two_three);
    }

    #[test]
    fn is_the_same_in_a_circuit() {
        for n in 0..8 {
            let mut builder = BaseCircuitBuilder::<Fr>::new(false);
            let ctx = builder.main(0);
            let preimage = ctx.assign_witnesses(numbers(n));
            let hash = assigned_poseidon(ctx, &GateChip::default(), &preimage);
            assert_eq!(*hash.value(), poseidon(&numbers(n)), "{n} elements");
        }
    }
}
