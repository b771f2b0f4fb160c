//! The proof systems in this binary, behind one interface.

mod halo2;
mod risc0;

use crate::fault::Fault;
use crate::wire::child::{Keys, Open, Opened, Run};
use crate::wire::{Description, Execution, Progress, Proof, Verification, VerifyRequest};

pub use halo2::{CircuitKey, circuit_memory, keygen};
pub use risc0::{Compressor, bench, compress, image_id_of, older_json};

/// A program in the memory of the process that runs it.
pub trait Program: Send + Sync {
    /// What the server says of it, without its handle.
    fn report(&self) -> Opened;
    /// Whether jobs open no file.
    fn needs_no_files(&self) -> bool;
    fn execute(&self, run: &Run) -> Result<Execution, Fault>;
    fn prove(&self, run: &Run, progress: &mut (dyn FnMut(Progress) + Send)) -> Result<Proof, Fault>;
}

/// Reads a program. Runs in the child: who wrote it is a stranger.
pub fn open(open: &Open) -> Result<Box<dyn Program>, Fault> {
    let program = open.program.clone().unwrap_or_default();
    match program.vm_type.as_str() {
        "risc0" => Ok(Box::new(risc0::Guest::open(&program)?)),
        "halo2" => {
            let keys = open.keys.clone().unwrap_or_default();
            Ok(Box::new(on_threads(open.threads, || halo2::Circuit::open(&program, &keys))?))
        }
        other => Err(unknown(other)),
    }
}

/// Checks a proof again, in the server: a process that a program broke out of could say anything.
///
/// `key`: of a circuit, the one that the request names, where it is at hand.
pub fn verify(request: &VerifyRequest, keys: &Keys, key: Option<&CircuitKey>) -> Result<Verification, Fault> {
    match request.kind.as_str() {
        "composite" | "groth16" => risc0::verify(request),
        "halo2" => halo2::verify(request, keys, key),
        other => Err(Fault::program(format!("no proofs of kind {other:?}: there are composite, groth16, halo2"))),
    }
}

/// What this binary proves, without what a server adds of itself.
pub fn describe(keys: &Keys) -> Result<Description, Fault> {
    Ok(Description {
        version: env!("CARGO_PKG_VERSION").into(),
        systems: vec![risc0::SYSTEM.into(), halo2::SYSTEM.into()],
        circuits: halo2::circuits(keys)?,
        accelerators: if cfg!(feature = "cuda") { vec!["cuda".into()] } else { vec![] },
        ..Description::default()
    })
}

pub fn unknown(vm_type: &str) -> Fault {
    Fault::program(format!("no runtime for {vm_type:?} here: there are risc0, halo2"))
}

/// Runs a job on a pool of its own: a warm process serves jobs of different widths.
fn on_threads<R: Send>(threads: u32, job: impl FnOnce() -> Result<R, Fault> + Send) -> Result<R, Fault> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.max(1) as usize).stack_size(STACK_BYTES).build();
    pool.map_err(|why| Fault::internal(format!("no threads can be had: {why}")))?.install(job)
}

const STACK_BYTES: usize = 16 << 20;
