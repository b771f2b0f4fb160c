//! The older ABI with nine WASM parameters. No proof: 32 random bytes and the sha256 of all that was passed in.
use sha2::{Digest, Sha256};
use wasm_bindgen::prelude::wasm_bindgen;

/// Gives `abi.encode(uint256 publicInput, uint256 taskId, bytes proof)`; the public input is the sum of the input's
/// decimal digits, the proof `random32 || sha256(projectId || taskId || clientId || sequencerSign || input)`.
#[wasm_bindgen]
pub fn prove(project_id: u64, task_id: u64, client_id: &str, sequencer_sign: &str, input: &str) -> Vec<u8> {
    let digits: u64 = input.bytes().filter(u8::is_ascii_digit).map(|digit| u64::from(digit - b'0')).sum();
    let mut random = [0; 32];
    if getrandom::getrandom(&mut random).is_err() {
        wasm_bindgen::throw_str("no randomness");
    }
    let mut hash = Sha256::new();
    hash.update(project_id.to_be_bytes());
    hash.update(task_id.to_be_bytes());
    for text in [client_id, sequencer_sign, input] {
        hash.update(text);
    }
    let mut encoded = [word(digits), word(task_id), word(96), word(64), random].concat();
    encoded.extend(hash.finalize());
    encoded
}

fn word(value: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&value.to_be_bytes());
    word
}
