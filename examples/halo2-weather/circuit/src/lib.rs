//! Statistics of up to 16 temperature readings that nobody but the prover sees.

mod weather;

#[cfg(target_arch = "wasm32")]
mod wasm;

pub use weather::Weather;
