use super::{Generated, Srs, generate, insecure_test_srs, sample_witness, srs_marker};
use crate::{KitError, PrivateCircuit, VerifyingKey, prove};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::{fs, path::Path};

/// Writes `proving.key`, `verifying.key`, `Verifier.sol` and `circuit.json` of a circuit into a folder: the body of a
/// project's keygen. `circuit.json` says whether the SRS was the insecure one.
/// # Errors
/// [`KitError`] when the SRS is refused, the circuit does not fit, or the folder cannot be written.
pub fn write_artifacts<C: PrivateCircuit>(out: &Path, srs: &Srs) -> Result<Generated, KitError> {
    let k = C::params().k as u32;
    let generated = generate::<C>(srs.read(k)?)?;

    let schema = C::schema()?;
    let proof = prove::<C>(&generated.key, &sample_witness::<C>()?)?;
    let verifying_key = VerifyingKey::encode(&generated.key);
    if !VerifyingKey::decode(&verifying_key, C::params())?.holds(&proof) {
        return Err(KitError::Key("a proof made with it does not verify".into()));
    }

    let key = generated.key.encode();
    let (marker, test_marker) = (srs_marker(&generated.key.srs), srs_marker(&insecure_test_srs(1)));
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
        "provingKey": described(&key),
        "verifyingKey": described(&verifying_key),
        "srs": {
            "insecure": marker == test_marker,
            "marker": hex_of(&marker),
            "testMarker": hex_of(&test_marker),
        },
    });
    let write = |name: &str, bytes: &[u8]| {
        fs::write(out.join(name), bytes).map_err(|error| KitError::Key(format!("{name}: {error}")))
    };
    write("proving.key", &key)?;
    write("verifying.key", &verifying_key)?;
    write("Verifier.sol", generated.verifier.as_bytes())?;
    write("circuit.json", format!("{about:#}\n").as_bytes())?;
    Ok(generated)
}

fn described(bytes: &[u8]) -> serde_json::Value {
    json!({ "bytes": bytes.len(), "sha256": hex_of(&Sha256::digest(bytes)) })
}

fn hex_of(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}
