use std::sync::OnceLock;

use risc0_zkvm::{InnerReceipt, ProverOpts, RECURSION_PO2, get_prover_server};

use crate::RunError;
use crate::receipt::{Groth16, decode};
use crate::session::refuse_dev_mode;
use crate::verify::{Kind, SELECTOR, verify};

/// Whether this build carries the programs of recursion.
///
/// # Errors
/// Why it does not, and what to do.
pub(crate) fn recursion_archive() -> Result<(), String> {
    static FOUND: OnceLock<bool> = OnceLock::new();
    let found = FOUND.get_or_init(|| risc0_circuit_recursion::prove::zkr::get_zkr("join.zkr", RECURSION_PO2).is_ok());
    found.then_some(()).ok_or_else(|| {
        "this build has no recursion archive. Build it by `W3B_RECURSION_ARCHIVE=look npm run build:native` where the \
         network offers the archive, or with the archive's file in place of `look`; or name a service that compresses, \
         in W3B_COMPRESSOR_URL or by --compressor"
            .into()
    })
}

/// Whether this machine can make Groth16 proofs by itself. Costs a process the first time.
///
/// # Errors
/// Why it cannot, and what to do.
pub fn local_compressor() -> Result<(), String> {
    static PROVER: OnceLock<Result<(), String>> = OnceLock::new();
    recursion_archive()?;
    PROVER.get_or_init(groth16_prover).clone()
}

#[cfg(not(feature = "cuda"))]
fn groth16_prover() -> Result<(), String> {
    use std::process::{Command, Stdio};
    use std::thread;
    use std::time::{Duration, Instant};

    const PATIENCE: Duration = Duration::from_secs(5);
    let missing = || "the Groth16 prover runs in Docker, and Docker does not answer here".to_string();
    let mut docker = Command::new("docker");
    docker.args(["version", "--format", "{{.Server.Version}}"]);
    docker.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut docker = docker.spawn().map_err(|_| missing())?;
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        match docker.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(None) => thread::sleep(Duration::from_millis(20)),
            _ => return Err(missing()),
        }
    }
    // It may have ended meanwhile; either way it does not answer.
    let _ = docker.kill();
    let _ = docker.wait();
    Err(missing())
}

#[cfg(feature = "cuda")]
fn groth16_prover() -> Result<(), String> {
    let installed = rzup::Rzup::new()
        .and_then(|rzup| rzup.get_version_dir(&rzup::Component::Risc0Groth16, &rzup::Version::new(0, 1, 0)));
    installed.map(drop).map_err(|_| "the Groth16 prover for CUDA is missing: run `rzup install risc0-groth16`".into())
}

/// Makes a Groth16 proof of a composite receipt on this machine: some minutes of CPU and some 16 GB of memory.
///
/// # Errors
/// [`RunError::Lacking`] before anything is done, where [`local_compressor`] fails.
pub fn compress_local(receipt: &[u8], image_id: &[u8; 32]) -> Result<Groth16, RunError> {
    refuse_dev_mode()?;
    local_compressor()
        .map_err(|why| RunError::Lacking(format!("No Groth16 proof can be made on this machine: {why}.")))?;
    let receipt =
        decode(receipt).map_err(|why| RunError::Program(format!("The receipt cannot be compressed: {why}.")))?;
    let failed = |error: anyhow::Error| RunError::Internal(format!("The compression failed: {error:#}."));
    let prover = get_prover_server(&ProverOpts::groth16()).map_err(failed)?;
    let compressed = prover.compress(&ProverOpts::groth16(), &receipt).map_err(failed)?;
    let InnerReceipt::Groth16(inner) = &compressed.inner else {
        return Err(RunError::Internal("The compression gave another kind of receipt.".into()));
    };
    let seal = [&SELECTOR[..], &inner.seal].concat();
    let journal = compressed.journal.bytes;
    verify(Kind::Groth16, &seal, image_id, Some(&journal))
        .map_err(|why| RunError::Internal(format!("The Groth16 proof that was just made does not hold: {why}.")))?;
    Ok(Groth16 { seal, journal })
}
