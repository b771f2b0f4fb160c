//! RISC Zero for the native runtime: programs and their image ids, execution, composite proofs, verification, and
//! Groth16 by a compressor of this machine or a remote one.
//!
//! Everything here bounds what it reads and returns [`RunError`]; a panic of the zkVM is caught and becomes one.

mod bench;
mod compress;
mod error;
mod limits;
mod methods_text;
mod older_guest;
mod older_json;
mod program;
mod receipt;
mod session;
mod verify;

pub use bench::{Bench, bench, spin_program};
pub use compress::local::{compress_local, local_compressor};
pub use compress::remote::{RemoteCompressor, RemoteOptions};
pub use error::RunError;
pub use limits::{Limits, MAX_JOURNAL_BYTES, MAX_PO2, MAX_SEGMENTS, MIN_PO2, memory_of_segment, segment_po2};
pub use older_json::older_json;
pub use program::Program;
pub use receipt::{Groth16, MAX_RECEIPT_BYTES};
pub use session::{Composite, Execution, Phase, execute, prove};
pub use verify::{Kind, SELECTOR, Verified, verify};

/// The proof system, as a server describes itself.
pub const SYSTEM: &str = concat!("risc0-zkvm ", "3.0.6");

/// What proves segments.
pub const ACCELERATOR: Option<&str> = if cfg!(feature = "cuda") { Some("cuda") } else { None };
