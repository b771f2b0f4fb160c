use std::collections::HashMap;
use std::path::PathBuf;

use risc0_prover::{Limits, Program};

/// Enough for the guests of these tests, and little enough to be reached soon.
pub const LIMITS: Limits = Limits { memory_bytes: 1 << 30, cycles: 2_000_000, threads: 0, receipt_bytes: 0 };

/// A guest of `packages/zk/guests/tests`, as it was built.
pub fn elf(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(format!("{name}.elf"))).unwrap()
}

pub fn program(name: &str) -> Program {
    Program::read(&elf(name), "").unwrap()
}

/// The recorded image id, in hex.
pub fn image_id(name: &str) -> String {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Guest {
        image_id: String,
    }
    #[derive(serde::Deserialize)]
    struct Record {
        guests: HashMap<String, Guest>,
    }
    let record: Record = serde_json::from_slice(&std::fs::read(folder().join("guests.json")).unwrap()).unwrap();
    record.guests[name].image_id.clone()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/guests")
}
