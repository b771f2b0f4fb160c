use guest_kit::{Json, Payload, hex, sha256};

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
        let (text, version, device) = (string(payload, reading), string(payload, version), string(payload, device));
        let message = Message {
            version_hash: verifier.version_hash(&version),
            device: &device,
            nonce: integer(payload, nonce, "nonce"),
            payload_hash: sha256(&text),
        };
        let (chain_id, contract) = read_domain(payload, domain);
        let audience = verifier.audience(chain_id, contract);
        let (scope, digest) = (audience.scope, audience.digest(&message));
        let signature = bytes(payload, signature, "signature");
        let index = payload.number(index, "index", 0, 0, (1 << DEPTH) - 1) as u8;
        let path = read_path(payload, path);
        let (keys_root, holds) = match unquoted(algorithm) {
            b"ed25519" => {
                let key = bytes(payload, key, "key");
                (root_of(1, &key, index, &path), verifier.ed25519_holds(&key, &signature, &digest))
            }
            b"p256" => {
                let key = bytes(payload, key, "key");
                (root_of(2, &key, index, &path), verifier.p256_holds(&key, &signature, &sha256(&digest)))
            }
            _ => payload.refuse("algorithm", "has to be ed25519 or p256"),
        };
        if !holds {
            payload.refuse("signature", "does not hold");
        }

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
fn read_domain(payload: Payload, text: &[u8]) -> (u64, [u8; 20]) {
    let domain = Payload { text, ..payload };
    let [chain_id, contract] = domain.members(["chainId", "verifyingContract"]);
    (integer(payload, chain_id, "domain.chainId"), bytes(payload, contract, "domain.verifyingContract"))
}

fn read_path(payload: Payload, text: &[u8]) -> [[u8; 32]; DEPTH] {
    let mut path = Vec::with_capacity(DEPTH);
    Json::of_payload(payload.index, text).elements(|json| path.push(bytes(payload, json.skip(), "path")));
    path.try_into().unwrap_or_else(|_| payload.refuse("path", "has to have 8 siblings"))
}

/// What stands between the quotes of a string in which nothing is escaped; else what is no digit.
fn unquoted(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or_default()
}

fn string(payload: Payload, text: &[u8]) -> Vec<u8> {
    let mut string = Vec::new();
    Json::of_payload(payload.index, text).append_string(&mut string);
    string
}

fn bytes<const N: usize>(payload: Payload, text: &[u8], field: &str) -> [u8; N] {
    hex(unquoted(text)).unwrap_or_else(|| payload.refuse(field, "has to be 0x and hex digits of its length"))
}

fn integer(payload: Payload, text: &[u8], field: &str) -> u64 {
    let text = core::str::from_utf8(unquoted(text)).unwrap_or_default();
    text.parse().unwrap_or_else(|_| payload.refuse(field, "has to be an integer in decimal, below 2^64"))
}
