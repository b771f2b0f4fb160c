//! Statistics of temperature readings that nobody but the prover sees, with the proof that each was signed by a device
//! of a registered set.
//!
//! A device signs the [`digest()`] of a reading with ECDSA over secp256k1. The registered keys are the leaves of a
//! [`KeyTree`], whose root is public.

mod digest;
mod ecdsa;
mod key_tree;
mod payload;
mod signed_readings;

pub use digest::{TAG, digest};
pub use ecdsa::{Device, Signature};
pub use key_tree::{DEPTH, KeyTree, leaf, node, root_from};
pub use payload::{Signatures, SignedBy};
pub use signed_readings::SignedReadings;
