//! `vectors-signed-readings FILE`: writes golden vectors of what devices sign and of the tree of their keys, by which other
//! implementations are checked. The keys are no secret.
use halo2_base::halo2_proofs::halo2curves::{bn256::Fr, ff::PrimeField, secp256k1::Fq};
use halo2_kit::hex_word;
use serde_json::{Value, json};
use sha3::{Digest, Keccak256};
use signed_readings_circuit::{DEPTH, Device, KeyTree, TAG, digest, leaf};
use std::{env, fs, process::ExitCode};

fn main() -> ExitCode {
    let Some(file) = env::args().nth(1) else {
        eprintln!("usage: vectors-signed-readings FILE");
        return ExitCode::from(2);
    };
    match fs::write(&file, format!("{:#}\n", vectors())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{file}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn vectors() -> Value {
    json!({
        "generatedBy": "node packages/zk/build.mjs",
        "tag": format!("0x{}", hex::encode(TAG)),
        "depth": DEPTH,
        "scopes": [
            scope(31_337, [0x11; 20], 1),
            scope(4690, [0xab; 20], 18_446_744_073_709_551_615),
        ],
        "keys": (1..=5).map(key).collect::<Vec<_>>(),
        "trees": ([0, 1, 2, 3, 5].map(tree)),
        "signatures": [
            signature(1, Fr::from(77), 1_790_000_000, 614),
            signature(2, Fr::from(77), 0, 0),
            signature(3, scope_of(31_337, [0x11; 20], 1), (1 << 40) - 1, 1000),
            signature(4, -Fr::one(), 1, 399),
            signature(5, Fr::zero(), 1_790_000_001, 400),
        ],
    })
}

fn device(secret: u64) -> Device {
    Device::open(secret_of(secret))
}

/// A key's secret, spread over all of its bits.
fn secret_of(seed: u64) -> Fq {
    let bytes: [u8; 32] = Keccak256::digest(seed.to_be_bytes()).into();
    // Halved, it is below the group's order.
    let mut halved = bytes;
    halved[31] &= 0x7f;
    Fq::from_repr(halved).unwrap_or(Fq::one())
}

fn key(seed: u64) -> Value {
    let device = device(seed);
    let mut secret = secret_of(seed).to_repr();
    secret.reverse();
    json!({
        "secret": format!("0x{}", hex::encode(secret)),
        "key": device.key_hex(),
        "leaf": hex_word(&leaf(&device.key)),
    })
}

fn tree(count: u64) -> Value {
    let devices: Vec<_> = (1..=count).map(device).collect();
    let tree = KeyTree::new(&devices.iter().map(|device| device.key).collect::<Vec<_>>());
    let path = |index: u8| json!({ "index": index, "path": tree.path(index).iter().map(hex_word).collect::<Vec<_>>() });
    json!({
        "keys": devices.iter().map(Device::key_hex).collect::<Vec<_>>(),
        "root": hex_word(&tree.root()),
        "paths": (0..count as u8).map(path).collect::<Vec<_>>(),
    })
}

fn signature(seed: u64, scope: Fr, time: u64, temperature: u64) -> Value {
    let (device, message) = (device(seed), digest(scope, time, temperature));
    json!({
        "key": device.key_hex(),
        "scope": hex_word(&scope),
        "time": time,
        "u": temperature,
        "temperature": format!("{:.1}", (temperature as f64 - 400.0) / 10.0),
        "digest": hex_word(&message),
        "signature": device.sign(message).to_hex(),
    })
}

fn scope(chain_id: u64, contract: [u8; 20], project: u64) -> Value {
    json!({
        "chainId": chain_id.to_string(),
        "verifyingContract": format!("0x{}", hex::encode(contract)),
        "projectId": project.to_string(),
        "domainSeparator": format!("0x{}", hex::encode(domain_separator(chain_id, contract))),
        "scope": hex_word(&scope_of(chain_id, contract, project)),
    })
}

/// keccak256(abi.encode(domain separator, uint64 project)) >> 8.
fn scope_of(chain_id: u64, contract: [u8; 20], project: u64) -> Fr {
    let hash = keccak(&[
        domain_separator(chain_id, contract),
        word(&project.to_be_bytes()),
    ]);
    hash[..31].iter().fold(Fr::zero(), |sum, byte| {
        sum * Fr::from(256) + Fr::from(u64::from(*byte))
    })
}

/// Of the EIP-712 domain `W3bstream`, version `1`.
fn domain_separator(chain_id: u64, contract: [u8; 20]) -> [u8; 32] {
    let kind =
        b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
    let hash = |text: &[u8]| <[u8; 32]>::from(Keccak256::digest(text));
    keccak(&[
        hash(kind),
        hash(b"W3bstream"),
        hash(b"1"),
        word(&chain_id.to_be_bytes()),
        word(&contract),
    ])
}

fn keccak(words: &[[u8; 32]]) -> [u8; 32] {
    Keccak256::digest(words.concat()).into()
}

/// An ABI word: the bytes at its end.
fn word(bytes: &[u8]) -> [u8; 32] {
    let mut word = [0; 32];
    word[32 - bytes.len()..].copy_from_slice(bytes);
    word
}
