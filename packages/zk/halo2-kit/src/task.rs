use crate::{KeyFile, KitError, PrivateCircuit, Readings, error::json_position, prove};
use base64::{Engine, engine::general_purpose::STANDARD};
use halo2_base::halo2_proofs::halo2curves::{bn256::Fr, ff::PrimeField};
use serde::Deserialize;
use serde_json::json;

/// What a prover hands to `prove_task`, as far as a circuit of this kit reads it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskInput {
    pub task: TaskFields,
    /// keccak256(abi.encode(task digest, prover)).
    pub binding: String,
    /// The payloads as the devices sent them, in the task's order.
    pub data: Vec<String>,
    /// The commitment's salt, below the field's modulus.
    pub salt: String,
    /// Base64 of the key file that `proving_key_needed` names.
    pub proving_key: Option<String>,
}

/// The task's signed fields that a circuit is bound to.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskFields {
    pub input_commitment: String,
}

/// A circuit's private and public inputs.
pub struct TaskWitness<P = ()> {
    /// The binding's upper and lower 128 bits.
    pub binding: [Fr; 2],
    pub salt: Fr,
    pub readings: Readings,
    /// What the circuit reads of the payloads beside the readings.
    pub private: P,
}

impl TaskInput {
    /// Reads the JSON text that a prover hands over.
    pub fn parse(json: &str) -> Result<Self, KitError> {
        serde_json::from_str(json).map_err(|error| {
            let reason = format!("not a task's JSON at {}", json_position(&error));
            KitError::Input { what: "input", reason }
        })
    }

    /// Checks the readings against the circuit's schema and the task's commitment.
    pub fn witness<C: PrivateCircuit>(&self) -> Result<TaskWitness<C::Private>, KitError> {
        let schema = C::schema()?;
        let readings = Readings::parse(&schema, &self.data)?;
        let salt = field_element("salt", &self.salt)?;
        if readings.commitment(&schema, salt) != field_element("task.inputCommitment", &self.task.input_commitment)? {
            return Err(KitError::Commitment);
        }
        let binding = word("binding", &self.binding)?;
        let (high, low) = binding.split_at(16);
        let limb = |bytes: &[u8]| Fr::from_u128(bytes.iter().fold(0, |limb, byte| limb << 8 | u128::from(*byte)));
        let private = C::private(&self.data, &readings)?;
        Ok(TaskWitness { binding: [limb(high), limb(low)], salt, readings, private })
    }
}

/// The body of a module's `prove_task` export: JSON in, JSON out.
///
/// Gives `{"proof":"0x…","publicInputs":["0x…",…]}`, or `{"error":"…"}` for an input that cannot be proved.
/// `key_sha256` is the hash of the key file that the module was built for.
pub fn prove_task<C: PrivateCircuit>(input: &str, key_sha256: &str) -> String {
    match proved::<C>(input, key_sha256) {
        Ok(output) => output.to_string(),
        Err(error) => json!({ "error": error.to_string() }).to_string(),
    }
}

fn proved<C: PrivateCircuit>(input: &str, key_sha256: &str) -> Result<serde_json::Value, KitError> {
    let input = TaskInput::parse(input)?;
    let witness = input.witness::<C>()?;
    let key = input.proving_key.ok_or_else(|| KitError::Key("provingKey is missing".into()))?;
    let key = STANDARD.decode(key).map_err(|_| KitError::Key("provingKey is not base64".into()))?;
    let key = KeyFile::decode(&key, &word("key hash", key_sha256)?, C::params())?;
    let proof = prove::<C>(&key, &witness)?;
    Ok(json!({
        "proof": format!("0x{}", hex::encode(proof.bytes)),
        "publicInputs": proof.public_inputs.iter().map(hex_word).collect::<Vec<_>>(),
    }))
}

fn word(what: &'static str, text: &str) -> Result<[u8; 32], KitError> {
    let refuse = || KitError::Input { what, reason: "not 0x and 64 hex digits".into() };
    let mut bytes = [0; 32];
    hex::decode_to_slice(text.strip_prefix("0x").ok_or_else(refuse)?, &mut bytes).map_err(|_| refuse())?;
    Ok(bytes)
}

fn field_element(what: &'static str, text: &str) -> Result<Fr, KitError> {
    let mut bytes = word(what, text)?;
    bytes.reverse();
    let element: Option<Fr> = Fr::from_bytes(&bytes).into();
    element.ok_or_else(|| KitError::Input { what, reason: "not below the field's modulus".into() })
}

/// A field element as `0x` and 64 hex digits, big end first.
pub fn hex_word(element: &Fr) -> String {
    let mut bytes = element.to_bytes();
    bytes.reverse();
    format!("0x{}", hex::encode(bytes))
}
