use guest_kit::{Json, Payload, hex, scaled_integer, sha256};

use crate::key_tree::{DEPTH, root_of};
use crate::message::Message;
use crate::verifier::Verifier;

const TEMPERATURE: (i32, i64, i64) = (1, -400, 600);
const TIME: (i32, i64, i64) = (0, 0, (1 << 40) - 1);

/// What one payload says, its signature checked.
pub struct Reading {
    /// 10 x temperature + 400: never negative.
    pub u: u64,
    /// Unix seconds.
    pub time: u64,
    /// Root of the set of keys that its key is of.
    pub keys_root: [u8; 32],
    pub scope: [u8; 32],
}

impl Reading {
    /// Reads a payload: what was signed, the signature, and where the key stands in its set. Panics unless the signature holds.
    pub fn read(payload: Payload, verifier: &mut Verifier) -> Self {
        let names =
            ["reading", "version", "device", "nonce", "algorithm", "key", "signature", "index", "path", "domain"];
        let [reading, version, device, nonce, algorithm, key, signature, index, path, domain] = payload.members(names);
        let (text, version, device) = (string(reading), string(version), string(device));
        let message = Message {
            version_hash: verifier.version_hash(&version),
            device: &device,
            nonce: integer(unquoted(nonce), "nonce"),
            payload_hash: sha256(&text),
        };
        let (chain_id, contract) = read_domain(payload.index, domain);
        let audience = verifier.audience(chain_id, contract);
        let (scope, digest) = (audience.scope, audience.digest(&message));
        let signature = hex(unquoted(signature), "signature");
        let key = unquoted(key);
        let index = scaled_integer(index, 0, "index");
        let index =
            u8::try_from(index).unwrap_or_else(|_| panic!("payload {}: index is out of its bounds", payload.index));
        let path = read_path(path);
        let (keys_root, holds) = match unquoted(algorithm) {
            b"ed25519" => {
                let key = hex(key, "key");
                (root_of(1, &key, index, &path), verifier.ed25519_holds(&key, &signature, &digest))
            }
            b"p256" => {
                let key = hex(key, "key");
                (root_of(2, &key, index, &path), verifier.p256_holds(&key, &signature, &sha256(&digest)))
            }
            _ => panic!("payload {}: algorithm has to be ed25519 or p256", payload.index),
        };
        assert!(holds, "payload {}: its signature does not hold", payload.index);

        let reading = Payload { index: payload.index, text: &text };
        let [temperature, time] = reading.members(["temperature", "time"]);
        let (scale, min, max) = TEMPERATURE;
        let u = (reading.number(temperature, "temperature", scale, min, max) - min) as u64;
        let (scale, min, max) = TIME;
        let time = reading.number(time, "time", scale, min, max) as u64;
        Self { u, time, keys_root, scope }
    }
}

/// A registry's chain and address.
fn read_domain(index: usize, text: &[u8]) -> (u64, [u8; 20]) {
    let [chain_id, contract] = Payload { index, text }.members(["chainId", "verifyingContract"]);
    let contract = hex(unquoted(contract), "domain.verifyingContract");
    (integer(unquoted(chain_id), "domain.chainId"), contract)
}

fn read_path(text: &[u8]) -> [[u8; 32]; DEPTH] {
    let mut path = Vec::with_capacity(DEPTH);
    Json::new(text).elements(|json| path.push(hex(json.digits(), "path")));
    path.try_into().unwrap_or_else(|_| panic!("path has to have {DEPTH} siblings"))
}

/// What stands between the quotes of a string in which nothing is escaped; else what is no digit.
fn unquoted(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or_default()
}

fn string(text: &[u8]) -> Vec<u8> {
    let mut string = Vec::new();
    Json::new(text).append_string(&mut string);
    string
}

fn integer(text: &[u8], field: &str) -> u64 {
    let text = core::str::from_utf8(text).unwrap_or_default();
    text.parse().unwrap_or_else(|_| panic!("{field} has to be an integer in decimal, below 2^64"))
}
