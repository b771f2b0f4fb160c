//! What a W3bstream project's RISC Zero guest reuses: reading the task, opening its input commitment, committing outputs that are
//! bound to both. Whatever is wrong with the input is a panic, whose message the prover's task fails with.
//!
//! Without std: a guest pays for each page of memory that it touches.
#![cfg_attr(target_os = "zkvm", no_std)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod decimal;
#[cfg(target_os = "zkvm")]
mod guest;
mod hex;
mod json;
mod payload;
mod sha256;
mod task;

pub use decimal::scaled_integer;
#[cfg(target_os = "zkvm")]
pub use guest::{commit, read_bytes};
pub use hex::hex;
pub use json::Json;
pub use payload::Payload;
pub use sha256::{sha256, sha256_of};
pub use task::{Task, word};

/// Makes a function the guest's entry point.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        #[unsafe(no_mangle)]
        extern "C" fn guest_main() {
            let main: fn() = $main;
            main()
        }
    };
}
