//! The Halo2 circuits that a native runtime proves without any module: each is compiled in and named by its id and by
//! the sha256 of its verifying key.
//!
//! Proving keys are made when first used and kept in a folder, each with the SRS it was made with. What is read from the
//! folder is checked by the hash that heads it, which finds damage and not forgery: the folder is its user's alone. Losing
//! it costs time only.

mod cache;
mod circuits;
mod error;
mod loaded;
mod registry;

pub use error::Error;
pub use halo2_kit::keygen::Srs;
pub use loaded::{Halo2Proof, Loaded};
pub use registry::{CircuitInfo, Registry};
