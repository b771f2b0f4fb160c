use crate::Error;
use halo2_kit::{
    KeyFile, KitError, PrivateCircuit, Proof, TaskInput, VerifyingKey, build,
    halo2_base::{gates::circuit::builder::BaseCircuitBuilder, halo2_proofs::halo2curves::bn256::Fr},
    keygen::{Srs, generate, write_artifacts},
    prove,
};
use signed_readings_circuit::SignedReadings;
use std::{marker::PhantomData, path::Path};
use weather_circuit::Weather;

/// A circuit that is compiled in.
pub struct Circuit {
    pub id: &'static str,
    /// Its verifying key as the example was built: with the insecure SRS for tests, or with the ceremony's that `W3B_SRS`
    /// named then. The key itself tells which.
    pub built_key: &'static [u8],
    /// Most memory that a proof of it was seen to take, in bytes, its key included.
    pub memory_bytes: u64,
    pub operations: &'static dyn Operations,
}

pub static CIRCUITS: &[Circuit] = &[
    Circuit {
        id: "weather",
        built_key: include_bytes!("../../../../examples/halo2-weather/artifacts/verifying.key"),
        memory_bytes: 32 << 20,
        operations: &Of::<Weather>(PhantomData),
    },
    Circuit {
        id: "signed-readings",
        built_key: include_bytes!("../../../../examples/signed-readings/artifacts/verifying.key"),
        memory_bytes: 1400 << 20,
        operations: &Of::<SignedReadings>(PhantomData),
    },
];

/// What can be done with a circuit, whichever it is.
pub trait Operations: Send + Sync {
    fn outputs(&self) -> &'static [&'static str];
    fn capacity(&self) -> Result<usize, KitError>;
    fn generate(&self, srs: &Srs) -> Result<KeyFile, KitError>;
    fn decode(&self, key: &[u8]) -> Result<KeyFile, KitError>;
    fn verifying_key(&self, bytes: &[u8]) -> Result<VerifyingKey, KitError>;
    /// The public inputs, which are computed without any key.
    fn execute(&self, input: &str) -> Result<Vec<Fr>, Error>;
    fn prove(&self, key: &KeyFile, input: &str) -> Result<Proof, Error>;
    fn write_artifacts(&self, folder: &Path, srs: &Srs) -> Result<KeyFile, KitError>;
}

struct Of<C>(PhantomData<fn() -> C>);

impl<C: PrivateCircuit> Operations for Of<C> {
    fn outputs(&self) -> &'static [&'static str] {
        C::OUTPUTS
    }

    fn capacity(&self) -> Result<usize, KitError> {
        Ok(C::schema()?.capacity())
    }

    fn generate(&self, srs: &Srs) -> Result<KeyFile, KitError> {
        Ok(generate::<C>(srs.read(C::params().k as u32)?)?.key)
    }

    fn decode(&self, key: &[u8]) -> Result<KeyFile, KitError> {
        KeyFile::decode_unhashed(key, C::params())
    }

    fn verifying_key(&self, bytes: &[u8]) -> Result<VerifyingKey, KitError> {
        VerifyingKey::decode(bytes, C::params())
    }

    fn execute(&self, input: &str) -> Result<Vec<Fr>, Error> {
        let witness = TaskInput::parse(input)?.witness::<C>()?;
        let mut builder = BaseCircuitBuilder::new(true).use_params(C::params());
        Ok(build::<C>(&mut builder, &C::schema()?, &witness))
    }

    fn prove(&self, key: &KeyFile, input: &str) -> Result<Proof, Error> {
        let witness = TaskInput::parse(input)?.witness::<C>()?;
        Ok(prove::<C>(key, &witness)?)
    }

    fn write_artifacts(&self, folder: &Path, srs: &Srs) -> Result<KeyFile, KitError> {
        Ok(write_artifacts::<C>(folder, srs)?.key)
    }
}
