use alloc::vec::Vec;
use core::ops::Range;

use crate::{Json, Payload, hex, sha256_of};

const DOMAIN: &[u8] = b"W3bstream-input-v1";
const SALT_AT: usize = DOMAIN.len();
const COUNT_AT: usize = SALT_AT + 32;

/// A task whose input commitment has been opened.
pub struct Task {
    /// keccak256(abi.encode(task digest, prover)), as the prover says: the verifying contract builds it itself.
    pub binding: [u8; 32],
    /// sha256(`W3bstream-input-v1` || salt || u32be count || (u32be length || payload)…), computed here.
    pub commitment: [u8; 32],
    pub project_id: u64,
    preimage: Vec<u8>,
    payloads: Vec<Range<usize>>,
}

impl Task {
    /// Reads what the prover hands over: the payloads as older guests take them, which are passed over, then the JSON of
    /// `prove_task`: `{"task":{…},"binding","data":[…],"salt"}`.
    #[cfg(target_os = "zkvm")]
    pub fn read() -> Self {
        crate::guest::skip_bytes();
        Self::open(&crate::guest::read_bytes())
    }

    /// Opens the commitment with the payloads and the salt. Panics where they do not open the one that the task names.
    pub fn open(input: &[u8]) -> Self {
        // Memory that is not touched costs nothing.
        let mut preimage = Vec::with_capacity(2 * input.len() + 256);
        preimage.extend_from_slice(DOMAIN);
        preimage.extend_from_slice(&[0; 36]);
        let mut payloads = Vec::new();
        let (mut binding, mut salt) = (None, None);
        let (mut project_id, mut expected) = (None, None);
        Json::new(input).members(|key, json| match key {
            b"binding" => binding = Some(word_of(json, "binding")),
            b"salt" => salt = Some(word_of(json, "salt")),
            b"data" => json.elements(|json| payloads.push(append(&mut preimage, json))),
            b"task" => json.members(|key, json| match key {
                b"projectId" => project_id = Some(integer(json.digits(), "task.projectId")),
                b"inputCommitment" => expected = Some(word_of(json, "task.inputCommitment")),
                _ => {
                    json.skip();
                }
            }),
            _ => {
                json.skip();
            }
        });
        assert!(!payloads.is_empty(), "the task has no payloads");
        preimage[SALT_AT..COUNT_AT].copy_from_slice(&salt.expect("the input has no salt"));
        preimage[COUNT_AT..COUNT_AT + 4].copy_from_slice(&(payloads.len() as u32).to_be_bytes());
        let commitment = sha256_of(&mut preimage);
        let opened = expected.expect("the task has no inputCommitment") == commitment;
        assert!(opened, "the payloads and the salt do not open the task's input commitment");
        Self {
            binding: binding.expect("the input has no binding"),
            commitment,
            project_id: project_id.expect("the task has no projectId"),
            preimage,
            payloads,
        }
    }

    /// In the task's order.
    pub fn payloads(&self) -> impl Iterator<Item = Payload<'_>> {
        self.payloads.iter().enumerate().map(|(index, at)| Payload { index, text: &self.preimage[at.clone()] })
    }

    /// Commits what the verifying contract rebuilds: binding, input commitment and outputs, 32 bytes each.
    #[cfg(target_os = "zkvm")]
    pub fn commit(&self, outputs: &[[u8; 32]]) {
        let mut journal = Vec::with_capacity(64 + 32 * outputs.len());
        journal.extend_from_slice(&self.binding);
        journal.extend_from_slice(&self.commitment);
        journal.extend_from_slice(outputs.as_flattened());
        crate::commit(&journal);
    }
}

fn word_of(json: &mut Json, field: &str) -> [u8; 32] {
    hex(json.digits()).unwrap_or_else(|| panic!("{field} has to be 0x and 64 hex digits"))
}

/// Appends a payload with its length to what the commitment hashes. Returns where it lies.
fn append(preimage: &mut Vec<u8>, json: &mut Json) -> Range<usize> {
    let length = preimage.len();
    preimage.extend_from_slice(&[0; 4]);
    let start = preimage.len();
    json.append_string(preimage);
    let end = preimage.len();
    preimage[length..start].copy_from_slice(&((end - start) as u32).to_be_bytes());
    start..end
}

fn integer(text: &[u8], field: &str) -> u64 {
    let text = core::str::from_utf8(text).unwrap_or_default();
    text.parse().unwrap_or_else(|_| panic!("{field} has to be an integer in decimal"))
}

/// A number as an output: 32 bytes, big end first.
pub fn word(value: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&value.to_be_bytes());
    word
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::catch_unwind;

    // As the protocol's `inputCommitment` computes it.
    const COMMITMENT: &str = "0xa2d488de3ccaf23316818b9daf2c0122c0df47869b3d5f3c61e7d50b2fed59e9";

    fn input(data: &str, commitment: &str) -> String {
        let (salt, binding) = ("07".repeat(32), "f0e1d2c3".repeat(8));
        format!(
            r#"{{"task":{{"projectId":"18446744073709551615","number":"1","inputCommitment":"{commitment}"}},"binding":"0x{binding}","data":{data},"salt":"0x{salt}"}}"#
        )
    }

    #[test]
    fn the_commitment_is_opened() {
        let text = input(r#"["{\"temperature\":21.4}","{\"é\":\"\\ud83d\\ude00\"}"]"#, COMMITMENT);
        let task = Task::open(text.as_bytes());
        let payloads: Vec<_> = task.payloads().map(|payload| payload.text.to_vec()).collect();
        assert_eq!(payloads, [&br#"{"temperature":21.4}"#[..], "{\"é\":\"\\ud83d\\ude00\"}".as_bytes()]);
        assert_eq!(task.project_id, u64::MAX);
        assert_eq!(task.binding[..4], [0xf0, 0xe1, 0xd2, 0xc3]);
    }

    #[test]
    fn other_payloads_do_not_open_it() {
        for data in
            [r#"["{\"temperature\":21.5}","{\"é\":\"\\ud83d\\ude00\"}"]"#, r#"["{\"temperature\":21.4}"]"#, "[]"]
        {
            assert!(catch_unwind(|| Task::open(input(data, COMMITMENT).as_bytes())).is_err(), "{data}");
        }
    }

    #[test]
    fn words_are_big_endian() {
        assert_eq!(word(258)[29..], [0, 1, 2]);
    }
}
