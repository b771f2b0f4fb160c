use crate::{FIXED_INPUTS, KeyFile, KitError, PrivateCircuit, TaskWitness, build};
use halo2_base::{
    gates::circuit::builder::BaseCircuitBuilder,
    halo2_proofs::{
        halo2curves::bn256::{Bn256, Fr},
        plonk::{keygen_pk, keygen_vk},
        poly::kzg::commitment::ParamsKZG,
    },
};
use snark_verifier_sdk::{SHPLONK, evm::gen_evm_verifier_sol_code};

/// A circuit's keys and its verifier.
pub struct Generated {
    pub key: KeyFile,
    /// Solidity source of the verifier, with an open pragma.
    pub verifier: String,
}

/// Generates keys and verifier; the same circuit and SRS give the same bytes.
/// # Errors
/// [`KitError::Schema`] or [`KitError::Key`], when the circuit does not fit its declared shape.
pub fn generate<C: PrivateCircuit>(srs: ParamsKZG<Bn256>) -> Result<Generated, KitError> {
    let schema = C::schema()?;
    let mut builder = BaseCircuitBuilder::<Fr>::new(false).use_params(C::params());
    let inputs = build::<C>(&mut builder, &schema, &sample_witness::<C>()?);
    if inputs.len() != FIXED_INPUTS + C::OUTPUTS.len() {
        return Err(KitError::Schema(format!("{} public inputs for {} outputs", inputs.len(), C::OUTPUTS.len())));
    }
    let refuse = |error: halo2_base::halo2_proofs::plonk::Error| KitError::Key(error.to_string());
    let verifying_key = keygen_vk(&srs, &builder).map_err(refuse)?;
    let proving_key = keygen_pk(&srs, verifying_key, &builder).map_err(refuse)?;
    let verifier =
        gen_evm_verifier_sol_code::<BaseCircuitBuilder<Fr>, SHPLONK>(&srs, proving_key.get_vk(), vec![inputs.len()])
            .replace("pragma solidity 0.8.19;", "pragma solidity ^0.8.19;");
    Ok(Generated { key: KeyFile { srs, proving_key, break_points: builder.break_points() }, verifier })
}

/// A witness that satisfies the circuit, with as many readings as fit.
pub fn sample_witness<C: PrivateCircuit>() -> Result<TaskWitness<C::Private>, KitError> {
    let (readings, private) = C::sample()?;
    Ok(TaskWitness { binding: [Fr::from(1), Fr::from(2)], salt: Fr::from(3), readings, private })
}
