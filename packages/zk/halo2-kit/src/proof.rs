use crate::{KeyFile, KitError, PrivateCircuit, TaskWitness, circuit::build};
use halo2_base::{
    gates::circuit::builder::BaseCircuitBuilder,
    halo2_proofs::{
        halo2curves::bn256::{Bn256, Fr, G1Affine},
        plonk::{VerifyingKey, create_proof, verify_proof},
        poly::{
            commitment::ParamsProver,
            kzg::{
                commitment::{KZGCommitmentScheme, ParamsKZG},
                multiopen::{ProverSHPLONK, VerifierSHPLONK},
                strategy::SingleStrategy,
            },
        },
        transcript::{TranscriptReadBuffer, TranscriptWriterBuffer},
    },
};
use rand::rngs::OsRng;
use snark_verifier::{loader::native::NativeLoader, system::halo2::transcript::evm::EvmTranscript};

/// A SHPLONK proof with the Keccak transcript, as the generated Solidity verifier reads it.
pub struct Proof {
    pub public_inputs: Vec<Fr>,
    pub bytes: Vec<u8>,
}

/// Proves a task's circuit.
/// # Errors
/// [`KitError::Proof`] when the witness does not satisfy the circuit's shape.
pub fn prove<C: PrivateCircuit>(key: &KeyFile, witness: &TaskWitness<C::Private>) -> Result<Proof, KitError> {
    let mut builder = BaseCircuitBuilder::prover(C::params(), key.break_points.clone());
    let public_inputs = build::<C>(&mut builder, &C::schema()?, witness);
    let mut transcript = EvmTranscript::<G1Affine, NativeLoader, Vec<u8>, Vec<u8>>::init(vec![]);
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
        &key.srs,
        &key.proving_key,
        &[builder],
        &[&[&public_inputs]],
        OsRng,
        &mut transcript,
    )
    .map_err(|error| KitError::Proof(error.to_string()))?;
    Ok(Proof { public_inputs, bytes: transcript.finalize() })
}

/// Whether the proof holds for its public inputs and nothing follows it.
pub fn verify(srs: &ParamsKZG<Bn256>, key: &VerifyingKey<G1Affine>, proof: &Proof) -> bool {
    let mut rest = proof.bytes.as_slice();
    let params = srs.verifier_params();
    let mut transcript = EvmTranscript::<G1Affine, NativeLoader, &mut &[u8], Vec<u8>>::init(&mut rest);
    let holds = verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>, _, _, _>(
        params,
        key,
        SingleStrategy::new(params),
        &[&[&proof.public_inputs]],
        &mut transcript,
    )
    .is_ok();
    holds && rest.is_empty()
}
