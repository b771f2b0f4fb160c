//! What the Halo2 circuit of a W3bstream project reuses.
//!
//! A project writes one [`TaskCircuit`]: which fields its readings have and which outputs they give. The kit reads the
//! task, opens the task's input commitment in the circuit (scheme `poseidon-bn254`), puts the binding and the
//! commitment in front of the public inputs, and proves for the EVM. A circuit that needs more of the payloads than
//! their numbers is a [`PrivateCircuit`].
//!
//! Public inputs, in order: `binding >> 128`, `binding & (2^128 - 1)`, input commitment, outputs.

mod circuit;
mod error;
mod key_file;
#[cfg(feature = "keygen")]
pub mod keygen;
mod opening;
mod poseidon;
mod proof;
#[cfg(target_arch = "wasm32")]
mod randomness;
mod readings;
mod scaled_integer;
mod schema;
mod statistics;
mod task;
mod verifying_key;

pub use circuit::{FIXED_INPUTS, PrivateCircuit, TaskCircuit, build};
pub use error::KitError;
pub use halo2_base;
pub use key_file::KeyFile;
pub use opening::OpenedInput;
pub use poseidon::{assigned_poseidon, poseidon};
pub use proof::{Proof, prove, verify};
pub use readings::Readings;
pub use scaled_integer::scaled_integer;
pub use schema::{Field, Schema};
pub use statistics::statistics;
pub use task::{TaskFields, TaskInput, TaskWitness, hex_word, prove_task};
pub use verifying_key::VerifyingKey;
