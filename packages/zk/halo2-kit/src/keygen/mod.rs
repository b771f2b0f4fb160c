//! Native only: the SRS, the proving key and the Solidity verifier of a circuit.

mod artifacts;
mod generate;
mod srs;

pub use artifacts::write_artifacts;
pub use generate::{Generated, generate, sample_witness};
pub use srs::{Srs, insecure_test_srs, is_insecure_key, powers_of_tau_srs, srs_marker};
