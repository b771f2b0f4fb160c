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

/// Most bytes of a receipt in a message, which has the journal twice beside it.
pub const RECEIPT_BYTES: usize = MESSAGE_BYTES - 2 * risc0_prover::MAX_JOURNAL_BYTES - BESIDE_BYTES;

/// Most bytes of a receipt in the JSON of the older protocols: in base64, with the journal in hex.
pub const OLDER_RECEIPT_BYTES: usize = (MESSAGE_BYTES - 2 * risc0_prover::MAX_JOURNAL_BYTES - BESIDE_BYTES) / 4 * 3;

/// Names, hashes and numbers.
const BESIDE_BYTES: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::child::{Report, report};
    use super::*;
    use prost::Message;
    use risc0_prover::{Kind, MAX_JOURNAL_BYTES, older_json};

    #[test]
    fn the_largest_receipt_fits_a_message_of_each_protocol() {
        let journal = prost::bytes::Bytes::from(vec![7; MAX_JOURNAL_BYTES]);
        let execution = Execution { journal: journal.clone(), ..Execution::default() };
        let proof = vec![7; RECEIPT_BYTES].into();
        let proof = Proof { proof, journal: journal.clone(), execution: Some(execution), ..Proof::default() };
        let event = ProveEvent { event: Some(prove_event::Event::Proof(proof.clone())) };
        let report = Report { report: Some(report::Report::Proof(proof)) };
        assert!(event.encoded_len().max(report.encoded_len()) + 4_096 < MESSAGE_BYTES);
        let text = older_json(Kind::Composite, &vec![7; OLDER_RECEIPT_BYTES], &[7; 32], &journal);
        assert!(text.len() + 4_096 < MESSAGE_BYTES);
    }
}
