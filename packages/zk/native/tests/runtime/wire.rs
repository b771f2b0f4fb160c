// What prost generates.
#![allow(clippy::large_enum_variant)]

pub mod vm {
    tonic::include_proto!("vm");
}

pub mod vm_runtime {
    tonic::include_proto!("vm_runtime");
}

mod runtime {
    tonic::include_proto!("w3bstream.runtime.v1");
}

pub use runtime::*;
