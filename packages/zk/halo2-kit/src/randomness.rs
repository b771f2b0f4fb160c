//! The randomness that hides a proof's witness, from the host.
//!
//! One import of two numbers, instead of the chain of objects that getrandom's own backend walks: a host can answer
//! it without handing any object to the module.
use getrandom::{Error, register_custom_getrandom};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// Imported as `__wbg_fill_random_…(ptr, len)`: the host fills that part of the memory from a CSPRNG.
    fn fill_random(buffer: &mut [u8]);
}

fn fill(buffer: &mut [u8]) -> Result<(), Error> {
    // What `crypto.getRandomValues` takes at once, in case the host answers by it.
    for part in buffer.chunks_mut(65_536) {
        fill_random(part);
    }
    Ok(())
}

register_custom_getrandom!(fill);
