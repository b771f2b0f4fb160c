//! `bindgen IN.wasm OUT_DIR NAME`: writes `NAME_bg.wasm` as `wasm-bindgen --target nodejs` would.
use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let mut next = || args.next().context("usage: bindgen IN.wasm OUT_DIR NAME");
    let (input, out, name) = (next()?, next()?, next()?);
    Bindgen::new().input_path(input).nodejs(true)?.typescript(false).out_name(&name).generate(out)
}
