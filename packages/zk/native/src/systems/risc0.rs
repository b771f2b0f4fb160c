use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use prost::bytes::Bytes;
use risc0_prover::{Kind, Limits, Program as Image, RemoteCompressor, RemoteOptions, RunError};
use serde_json::{Value, json};

use super::Program;
use crate::fault::Fault;
use crate::wire::child::{Compress, Opened, Run};
use crate::wire::{Execution, LoadRequest, Loaded, Progress, Proof, Verification, VerifyRequest};

pub use risc0_prover::SYSTEM;

/// A guest in memory.
pub struct Guest(Image);

impl Guest {
    pub fn open(program: &LoadRequest) -> Result<Self, Fault> {
        Ok(Self(Image::read(&program.program, &program.exp_param)?))
    }
}

impl Program for Guest {
    fn report(&self) -> Opened {
        let loaded = Loaded { image_id: self.0.image_id.to_vec().into(), ..Loaded::default() };
        Opened { loaded: Some(loaded), ..Opened::default() }
    }

    /// Segments wait in files while one is proven.
    fn needs_no_files(&self) -> bool {
        false
    }

    fn execute(&self, run: &Run) -> Result<Execution, Fault> {
        Ok(risc0_prover::execute(&self.0, &run.inputs, &limits(run))?.into())
    }

    fn prove(&self, run: &Run, progress: &mut (dyn FnMut(Progress) + Send)) -> Result<Proof, Fault> {
        let mut tell = |phase: risc0_prover::Phase, done, planned| {
            progress(Progress { phase: phase.name().into(), done, planned });
        };
        let proved = risc0_prover::prove(&self.0, &run.inputs, &limits(run), &mut tell)?;
        Ok(Proof {
            proof: proved.receipt.into(),
            journal: proved.journal.into(),
            image_id: self.0.image_id.to_vec().into(),
            kind: Kind::Composite.name().into(),
            execution: Some(proved.execution.into()),
            ..Proof::default()
        })
    }
}

fn limits(run: &Run) -> Limits {
    Limits {
        memory_bytes: run.memory_bytes,
        cycles: run.cycles,
        threads: run.threads as usize,
        receipt_bytes: run.receipt_bytes,
    }
}

impl From<risc0_prover::Execution> for Execution {
    fn from(ran: risc0_prover::Execution) -> Self {
        Self {
            user_cycles: ran.user_cycles,
            total_cycles: ran.total_cycles,
            segments: ran.segments,
            segment_po2: ran.po2,
            journal: ran.journal.into(),
            memory_bytes: ran.memory_bytes,
            ..Self::default()
        }
    }
}

/// How this server makes Groth16 receipts.
pub enum Compressor {
    Local,
    Remote(Remote),
}

/// A service that compresses.
#[derive(Clone)]
pub struct Remote(Arc<RemoteCompressor>);

impl Compressor {
    /// The service where one is named; else this build's own. Within the result: why there is none.
    pub fn find(url: Option<&str>, state: &Path) -> Result<Result<Self, String>, Fault> {
        let Some(url) = url else {
            return Ok(risc0_prover::local_compressor().map(|()| Self::Local).map_err(|why| why.to_string()));
        };
        let options = RemoteOptions::new(url, RemoteOptions::key_from_environment()?, state.join("compressions"));
        Ok(Ok(Self::Remote(Remote(Arc::new(RemoteCompressor::new(options)?)))))
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Remote(_) => "remote",
        }
    }
}

impl Remote {
    /// Blocks until the service has compressed, or nobody waits any more. Called again for the same receipt it goes on
    /// where it was.
    pub fn compress(&self, task: &str, proof: &Proof, cancelled: &AtomicBool) -> Result<Bytes, Fault> {
        let image_id = image_id(&proof.image_id)?;
        let stop = || cancelled.load(Ordering::Relaxed);
        Ok(self.0.compress(task, &proof.proof, &image_id, &proof.journal, &stop)?.seal.into())
    }
}

/// Compresses here.
/// # Returns
/// selector and proof, and the journal
pub fn compress(order: &Compress) -> Result<(Vec<u8>, Vec<u8>), Fault> {
    let compressed = risc0_prover::compress_local(&order.receipt, &image_id(&order.image_id)?)?;
    Ok((compressed.seal, compressed.journal))
}

/// The image id that a program has.
pub fn image_id_of(program: &LoadRequest) -> Result<[u8; 32], Fault> {
    Ok(Image::read(&program.program, &program.exp_param)?.image_id)
}

/// Proves one segment of 2^po2 cycles and measures it.
pub fn bench(po2: u32, threads: usize) -> Result<Value, Fault> {
    let known = risc0_prover::MIN_PO2..=risc0_prover::MAX_PO2;
    if !known.contains(&po2) {
        return Err(Fault::program(format!("--po2 is from {} to {}", known.start(), known.end())));
    }
    let limits = Limits { memory_bytes: risc0_prover::memory_of_segment(po2), threads, ..Limits::default() };
    // Half of the rows of a segment, which paging and the end fill up.
    let measured = risc0_prover::bench(&risc0_prover::spin_program(1 << (po2 - 1)), &[], &limits)?;
    Ok(json!({
        "prover": measured.prover,
        "segments": measured.execution.segments,
        "po2": measured.execution.po2,
        "totalCycles": measured.execution.total_cycles,
        "totalKhz": measured.total_khz,
        "userKhz": measured.user_khz,
        "provingMs": measured.proving.as_millis() as u64,
        "verifyingMs": measured.verifying.as_millis() as u64,
        "receiptBytes": measured.receipt_bytes,
    }))
}

/// A proof in the older runtimes' form; "" for one that is no guest's.
pub fn older_json(proof: &Proof) -> Result<String, Fault> {
    match Kind::of(&proof.kind) {
        Some(kind) => Ok(risc0_prover::older_json(kind, &proof.proof, &image_id(&proof.image_id)?, &proof.journal)),
        None => Ok(String::new()),
    }
}

pub fn verify(request: &VerifyRequest) -> Result<Verification, Fault> {
    let kind = Kind::of(&request.kind).ok_or_else(|| Fault::internal("a kind without a verifier"))?;
    // A composite receipt carries its journal: an empty one here asks for it.
    let journal = Some(request.journal.as_ref()).filter(|journal| kind == Kind::Groth16 || !journal.is_empty());
    Ok(match risc0_prover::verify(kind, &request.proof, &image_id(&request.image_id)?, journal) {
        Ok(verified) => Verification { holds: true, journal: verified.journal.into(), ..Verification::default() },
        Err(reason) => Verification { reason, ..Verification::default() },
    })
}

fn image_id(bytes: &Bytes) -> Result<[u8; 32], Fault> {
    <[u8; 32]>::try_from(bytes.as_ref())
        .map_err(|_| Fault::program(format!("an image id has 32 bytes, not {}", bytes.len())))
}

impl From<RunError> for Fault {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Program(why) => Fault::program(why),
            RunError::Limit(why) => Fault::limit(why),
            RunError::Lacking(why) => Fault::lacking(why),
            RunError::Internal(why) => Fault::internal(why),
        }
    }
}
