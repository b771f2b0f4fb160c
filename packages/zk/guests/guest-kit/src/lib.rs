//! What a W3bstream project's RISC Zero guest reuses. Without std: a guest pays for each page of memory that it touches.
#![cfg_attr(target_os = "zkvm", no_std)]

extern crate alloc;

#[cfg(target_os = "zkvm")]
mod guest;
mod sha256;

#[cfg(target_os = "zkvm")]
pub use guest::{commit, read_string};
pub use sha256::{Sha256, sha256};

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
