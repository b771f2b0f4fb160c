//! The module's exports. It is built after its key, whose hash is compiled in.
use crate::Weather;
use wasm_bindgen::prelude::wasm_bindgen;

const KEY_SHA256: &str = env!(
    "PROVING_KEY_SHA256",
    "build the module with packages/zk/build.mjs"
);

/// Task JSON in, proof JSON out.
#[wasm_bindgen]
pub fn prove_task(input: &str) -> String {
    halo2_kit::prove_task::<Weather>(input, KEY_SHA256)
}

/// The sha256 of the key file that `prove_task` expects in its input.
#[wasm_bindgen]
pub fn proving_key_needed() -> String {
    KEY_SHA256.into()
}
