//! The messages of `packages/zk/proto` and of the pipes to the children.

#![allow(clippy::large_enum_variant)]

pub mod vm {
    tonic::include_proto!("vm");
}

pub mod vm_runtime {
    tonic::include_proto!("vm_runtime");
}

pub mod w3bstream {
    pub mod runtime {
        pub mod v1 {
            tonic::include_proto!("w3bstream.runtime.v1");
        }
    }
    pub mod child {
        pub mod v1 {
            tonic::include_proto!("w3bstream.child.v1");
        }
    }
}

pub use w3bstream::child::v1 as child;
pub use w3bstream::runtime::v1::*;

/// Most bytes of a message or frame, either way.
pub const MESSAGE_BYTES: usize = 64 << 20;
