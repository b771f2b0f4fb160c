//! Compiles the protocols without `protoc`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folders = ["../proto", "proto"];
    let files = ["runtime.proto", "vm_runtime.proto", "vm.proto", "child.proto"];
    for folder in folders {
        println!("cargo:rerun-if-changed={folder}");
    }
    let described = protox::compile(files, folders)?;
    tonic_prost_build::configure().bytes(".").compile_fds(described)?;
    Ok(())
}
