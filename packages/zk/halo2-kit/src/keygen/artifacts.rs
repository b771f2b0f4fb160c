use super::{generate, insecure_test_srs, powers_of_tau_srs, sample_witness, srs_marker};
use crate::{KitError, TaskCircuit, prove, verify};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::{env, fs, path::Path};

/// Writes `proving.key`, `Verifier.sol` and `circuit.json` of a circuit into a folder: the body of a project's keygen.
///
/// With `W3B_SRS` (a path) and `W3B_SRS_SHA256` (64 hex digits) in the environment the SRS is read from that ceremony
/// file; without them it is the insecure one for tests, and `circuit.json` says so.
/// # Errors
/// [`KitError`] when the SRS is refused, the circuit does not fit, or the folder cannot be written.
pub fn write_artifacts<C: TaskCircuit>(out: &Path) -> Result<(), KitError> {
    let k = C::params().k as u32;
    let test_marker = srs_marker(&insecure_test_srs(1));
    let srs = match env::var("W3B_SRS") {
        Ok(path) => powers_of_tau_srs(Path::new(&path), &expected_hash()?, k)?,
        Err(_) => insecure_test_srs(k),
    };
    let insecure = srs_marker(&srs) == test_marker;
    let generated = generate::<C>(srs)?;

    let schema = C::schema()?;
    let witness = sample_witness(schema.capacity(), schema.fields().len());
    let proof = prove::<C>(&generated.key, &witness)?;
    if !verify(&generated.key.srs, generated.key.proving_key.get_vk(), &proof) {
        return Err(KitError::Key("a proof made with it does not verify".into()));
    }

    let key = generated.key.encode();
    let fields: Vec<_> = schema
        .fields()
        .iter()
        .map(|f| json!({ "name": f.name, "scale": f.scale, "min": f.min as i64, "max": f.max as i64 }))
        .collect();
    let about = json!({
        "k": k,
        "inputs": { "scheme": "poseidon-bn254", "capacity": schema.capacity(), "fields": fields },
        "outputs": C::OUTPUTS,
        "publicInputs": proof.public_inputs.len(),
        "proofBytes": proof.bytes.len(),
        "keySha256": hex_of(&Sha256::digest(&key)),
        "srs": {
            "insecure": insecure,
            "marker": hex_of(&srs_marker(&generated.key.srs)),
            "testMarker": hex_of(&test_marker),
        },
    });
    let write = |name: &str, bytes: &[u8]| {
        fs::write(out.join(name), bytes).map_err(|error| KitError::Key(format!("{name}: {error}")))
    };
    write("proving.key", &key)?;
    write("Verifier.sol", generated.verifier.as_bytes())?;
    write("circuit.json", format!("{about:#}\n").as_bytes())
}

fn expected_hash() -> Result<[u8; 32], KitError> {
    let refuse = || KitError::Srs("W3B_SRS needs W3B_SRS_SHA256, 64 hex digits".into());
    let text = env::var("W3B_SRS_SHA256").map_err(|_| refuse())?;
    let mut hash = [0; 32];
    hex::decode_to_slice(text.trim_start_matches("0x"), &mut hash).map_err(|_| refuse())?;
    Ok(hash)
}

fn hex_of(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}
