use crate::{Error, circuits::Circuit};
use halo2_kit::{KeyFile, Proof, VerifyingKey, halo2_base::halo2_proofs::halo2curves::bn256::Fr};

/// A circuit with its key in memory, ready to prove.
pub struct Loaded {
    pub(crate) circuit: &'static Circuit,
    pub(crate) key: KeyFile,
    pub(crate) verifying_key: VerifyingKey,
    pub(crate) bytes: Vec<u8>,
    pub(crate) hash: [u8; 32],
    pub(crate) warning: Option<String>,
}

/// A proof as the circuit's EVM verifier takes it.
pub struct Halo2Proof {
    pub proof: Vec<u8>,
    /// Big end first.
    pub public_inputs: Vec<[u8; 32]>,
}

impl Loaded {
    /// The sha256 of the verifying key.
    pub fn verifying_key(&self) -> [u8; 32] {
        self.hash
    }

    /// The verifying key, by which [`crate::Registry::verify_by`] verifies.
    pub fn verifying_key_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What an operator should know: that the key could not be kept on disk, and why.
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// Proves a task and verifies the proof.
    ///
    /// `input` is the JSON text of `prove_task`; a `provingKey` in it is not looked at.
    pub fn prove(&self, input: &str) -> Result<Halo2Proof, Error> {
        let proof = self.circuit.operations.prove(&self.key, input)?;
        if !self.verifying_key.holds(&proof) {
            return Err(Error::Program("the task does not satisfy the circuit: its proof does not verify".into()));
        }
        Ok(Halo2Proof { public_inputs: words(&proof.public_inputs), proof: proof.bytes })
    }

    /// The public inputs that a proof of the task would have.
    pub fn execute(&self, input: &str) -> Result<Vec<[u8; 32]>, Error> {
        Ok(words(&self.circuit.operations.execute(input)?))
    }
}

pub fn words(elements: &[Fr]) -> Vec<[u8; 32]> {
    let word = |element: &Fr| {
        let mut bytes = element.to_bytes();
        bytes.reverse();
        bytes
    };
    elements.iter().map(word).collect()
}

/// A proof from the bytes of a stranger.
/// # Errors
/// Why it can be none.
pub fn proof_of(proof: &[u8], public_inputs: &[[u8; 32]]) -> Result<Proof, String> {
    let element = |(at, word): (usize, &[u8; 32])| {
        let mut bytes = *word;
        bytes.reverse();
        let element: Option<Fr> = Fr::from_bytes(&bytes).into();
        element.ok_or_else(|| format!("public input {at} is not below the field's modulus"))
    };
    let public_inputs = public_inputs.iter().enumerate().map(element).collect::<Result<_, _>>()?;
    Ok(Proof { public_inputs, bytes: proof.to_vec() })
}
