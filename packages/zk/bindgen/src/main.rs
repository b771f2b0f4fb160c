//! `bindgen IN.wasm OUT_DIR NAME`: writes `NAME_bg.wasm` as `wasm-bindgen --target nodejs` would.
use anyhow::{Context, Result};
use walrus::{ConstExpr, Global, GlobalKind, Module, ir::Value};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let mut next = || args.next().context("usage: bindgen IN.wasm OUT_DIR NAME");
    let (input, out, name) = (next()?, next()?, next()?);
    let mut module = Module::from_file(input)?;
    unbase_thread_locals(&mut module);
    Bindgen::new().input_bytes(&name, module.emit_wasm()).nodejs(true)?.typescript(false).out_name(&name).generate(out)
}

/// Makes thread-local variables work in a module that is built with atomics and has its memory to itself.
///
/// The code adds `__tls_base` to a variable's place. In a shared memory that place is an offset; in a memory of its own
/// LLD makes it the address itself, but gives `__tls_base` a value all the same.
fn unbase_thread_locals(module: &mut Module) {
    if module.memories.iter().any(|memory| memory.shared) {
        return;
    }
    let named = |global: &&Global| global.name.as_deref() == Some("__tls_base");
    let base = module.globals.iter().find(named).map(Global::id);
    if let Some(base) = base {
        module.globals.get_mut(base).kind = GlobalKind::Local(ConstExpr::Value(Value::I32(0)));
    }
}
