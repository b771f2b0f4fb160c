//! The randomness that hides a proof's witness, from the host.
//!
//! One import of two numbers, instead of the chain of objects that getrandom's own backend walks: a host can answer
//! it without handing any object to the module.
use getrandom::{Error, register_custom_getrandom};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// Imported as `__wbg_getRandomValues_…(ptr, len)`.
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn fill_random(buffer: &mut [u8]);
}

fn fill(buffer: &mut [u8]) -> Result<(), Error> {
    // What getRandomValues takes at once.
    for part in buffer.chunks_mut(65_536) {
        fill_random(part);
    }
    Ok(())
}

register_custom_getrandom!(fill);
