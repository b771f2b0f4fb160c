//! Composite receipts made into Groth16 proofs, which a contract can check.

pub mod local;
pub mod remote;
