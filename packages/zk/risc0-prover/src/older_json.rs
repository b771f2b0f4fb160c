use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use risc0_binfmt::{Digestible, SystemState};
use risc0_zkvm::{Digest, sha};
use serde_json::json;

use crate::verify::{Kind, SELECTOR};

/// A proof in the older runtimes' form: `{"Stark":{imageId, journal, receipt}}` or
/// `{"Snark":{"snark":{a, b, c},"post_state_digest","journal"}}`, whose byte strings are lists of bytes.
pub fn older_json(kind: Kind, proof: &[u8], image_id: &[u8; 32], journal: &[u8]) -> String {
    let value = match kind {
        Kind::Composite => json!({ "Stark": {
            "imageId": format!("0x{}", hex::encode(image_id)),
            "journal": format!("0x{}", hex::encode(journal)),
            "receipt": STANDARD.encode(proof),
        }}),
        Kind::Groth16 => {
            let words: Vec<&[u8]> = proof.get(SELECTOR.len()..).unwrap_or_default().chunks(32).collect();
            let words = |at: usize| words.iter().skip(at).take(2).collect::<Vec<_>>();
            json!({ "Snark": {
                "snark": { "a": words(0), "b": [words(2), words(4)], "c": words(6) },
                "post_state_digest": post_state_digest(),
                "journal": journal,
            }})
        }
    };
    value.to_string()
}

/// Of a guest that ended.
fn post_state_digest() -> Vec<u8> {
    let state = SystemState { pc: 0, merkle_root: Digest::ZERO };
    state.digest::<sha::Impl>().as_bytes().to_vec()
}
