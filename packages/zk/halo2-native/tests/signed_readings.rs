//! A whole proof of device signatures; its circuit's soundness is tested beside it.
use halo2_kit::{
    PrivateCircuit, Readings,
    halo2_base::halo2_proofs::halo2curves::{bn256::Fr, secp256k1::Fq},
    hex_word,
};
use halo2_native::{Registry, Srs};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use signed_readings_circuit::{Device, KeyTree, SignedReadings, digest};
use std::time::Instant;
use tempfile::tempdir;

const TEST_KEY: &[u8] = include_bytes!("../../../../examples/signed-readings/artifacts/verifying.key");

/// One reading of 21.4 degrees at noon, as a device would send it, and the root of the devices' keys.
fn payload() -> (String, Fr) {
    let (device, scope, time) = (Device::open(Fq::from(7)), Fr::from(77), 1_790_000_000);
    let tree = KeyTree::new(&[Device::open(Fq::from(6)).key, device.key]);
    let payload = json!({
        "temperature": 21.4,
        "time": time,
        "key": device.key_hex(),
        "signature": device.sign(digest(scope, time, 614)).to_hex(),
        "index": 1,
        "path": tree.path(1).iter().map(hex_word).collect::<Vec<_>>(),
        "scope": hex_word(&scope),
    });
    (payload.to_string(), tree.root())
}

fn task(payload: &str) -> Value {
    let schema = SignedReadings::schema().unwrap();
    let readings = Readings::parse(&schema, &[payload]).unwrap();
    json!({
        "task": { "inputCommitment": hex_word(&readings.commitment(&schema, Fr::from(5))) },
        "binding": format!("0x{}", "ab".repeat(32)),
        "data": [payload],
        "salt": hex_word(&Fr::from(5)),
    })
}

#[test]
fn proves_that_a_registered_device_signed() {
    let folder = tempdir().unwrap();
    let registry = Registry::open(folder.path(), Srs::InsecureTest);
    let hash: [u8; 32] = Sha256::digest(TEST_KEY).into();
    let start = Instant::now();
    let loaded = registry.load("signed-readings", &hash).unwrap();
    println!("key made in {:?}", start.elapsed());

    let (payload, root) = payload();
    let tampered = loaded.prove(&task(&payload.replace("21.4", "21.5")).to_string());
    assert!(tampered.err().unwrap().to_string().contains("reading 0: the signature is not its key's"));

    let start = Instant::now();
    let proof = loaded.prove(&task(&payload).to_string()).unwrap();
    println!("proved in {:?}", start.elapsed());
    let outputs: Vec<_> = proof.public_inputs[3..].iter().map(|word| format!("0x{}", hex::encode(word))).collect();
    let expected = [77, 1, 614, 614, 614, 1_790_000_000, 1_790_000_000].map(|n| hex_word(&Fr::from(n)));
    assert_eq!(outputs[0], hex_word(&root));
    assert_eq!(outputs[1..], expected);

    registry.verify(&hash, &proof.proof, &proof.public_inputs).unwrap();
    for input in 0..proof.public_inputs.len() {
        let mut other = proof.public_inputs.clone();
        other[input][31] ^= 1;
        assert!(registry.verify(&hash, &proof.proof, &other).is_err(), "public input {input}");
    }
}
