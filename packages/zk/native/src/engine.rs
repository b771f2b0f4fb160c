use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use prost::bytes::Bytes;
use serde::Deserialize;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use crate::begun::Begun;
use crate::child::{Reach, Role};
use crate::fault::{Cause, Fault};
use crate::pool::{Capacity, Claim, Pool};
use crate::process::{Bounds, Process, Used};
use crate::programs::{Kept, Programs, handle};
use crate::scratch::Scratches;
use crate::serve::private_folder;
use crate::systems::{self, CircuitKey, Compressor};
use crate::wire::child::order::Order as Asked;
use crate::wire::child::report::Report as Said;
use crate::wire::child::{Compress, Keys, Open, Run};
use crate::wire::{
    Description, Execution, Job, Limits, LoadRequest, Loaded, Progress, Proof, RECEIPT_BYTES, ReceiptKind,
    Verification, VerifyRequest,
};

/// How a server, or one command, is set up.
pub struct Settings {
    /// Keys and begun compressions are kept here.
    pub state: PathBuf,
    pub capacity: Capacity,
    /// A service that makes Groth16 receipts.
    pub compressor: Option<String>,
    pub keys: Keys,
    /// Run no program where nothing keeps it from the network.
    pub network_wall: bool,
}

/// Loads, executes, proves and verifies, each program in processes of its own.
pub struct Engine {
    settings: Settings,
    programs: Programs,
    pool: Pool,
    loading: Semaphore,
    scratch: Scratches,
    begun: Begun,
    compressor: Result<Arc<Compressor>, String>,
}

const PROGRAM_BYTES: usize = 512 << 20;
const LOADS_AT_ONCE: usize = 2;
const LOAD_MEMORY: u64 = 1 << 30;
const EXECUTE_MEMORY: u64 = 2 << 30;
/// Making a circuit's key takes more than a proof.
const KEY_MEMORY: u64 = 4 << 30;
/// Least memory that a circuit's job is given unasked.
const CIRCUIT_MEMORY: u64 = 1 << 30;
const DEFAULT_WALL: Duration = Duration::from_secs(3_600);

impl Engine {
    pub fn new(settings: Settings) -> Result<Self, Fault> {
        for folder in [settings.state.as_path(), Path::new(&settings.keys.folder)] {
            let unusable = |why| Fault::lacking(format!("{} cannot be used: {why}", folder.display()));
            private_folder(folder).map_err(unusable)?;
        }
        let scratch = Scratches::in_folder(settings.state.join("scratch"));
        let begun = Begun::in_folder(settings.state.join("receipts"));
        let compressor = Compressor::find(settings.compressor.as_deref(), &settings.state)?.map(Arc::new);
        let pool = Pool::new(settings.capacity);
        let loading = Semaphore::new(LOADS_AT_ONCE);
        Ok(Self { settings, programs: Programs::new(PROGRAM_BYTES), pool, loading, scratch, begun, compressor })
    }

    pub fn describe(&self) -> Result<Description, Fault> {
        let (compressors, no_compressor) = match &self.compressor {
            Ok(compressor) => (vec![compressor.name().to_string()], String::new()),
            Err(why) => (vec![], why.clone()),
        };
        Ok(Description { compressors, no_compressor, ..systems::describe(&self.settings.keys)? })
    }

    /// Checks a program in a process, which then waits for its first job.
    pub async fn load(&self, source: LoadRequest) -> Result<Loaded, Fault> {
        let role = role(&source)?;
        let name = handle(&source);
        if let Ok(known) = self.programs.find(&name) {
            return Ok(known.loaded.clone());
        }
        let _turn = self.loading.acquire().await.map_err(Fault::internal)?;
        let claim = match role {
            // Its key is made once, by every thread; to wait for all of them would hold up all who come after it.
            Role::Circuit => Some(self.pool.claim(&name, KEY_MEMORY, 1).await?),
            _ => None,
        };
        let threads = claim.as_ref().map_or(1, |_| self.settings.capacity.threads);
        let memory_bytes = claim.as_ref().map_or(self.bounded(LOAD_MEMORY), Claim::memory_bytes);
        let bounds = Bounds { memory_bytes, wall: DEFAULT_WALL, cpu: None };
        let process = self.open(role, &source, threads, bounds).await?;
        let loaded = Loaded { handle: name.clone(), ..process.loaded.clone() };
        self.programs.keep(Kept { source, loaded: loaded.clone(), key: process.key.clone() });
        match claim {
            Some(claim) => claim.keep(name, process),
            None => self.pool.keep(name, process),
        }
        Ok(loaded)
    }

    pub async fn execute(&self, job: Job) -> Result<Execution, Fault> {
        let program = self.programs.find(&job.handle)?;
        let limits = job.limits.unwrap_or_default();
        let memory = if limits.memory_bytes == 0 { EXECUTE_MEMORY } else { limits.memory_bytes };
        let claim = self.pool.claim(&job.handle, memory, 1).await?;
        match self.run(&program, claim, &job, Asked::Execute, |_| ()).await? {
            (Said::Execution(execution), used) => Ok(Execution { wall_ms: millis(used.wall), ..execution }),
            _ => Err(garbage()),
        }
    }

    /// Proves, verifies and, where asked, compresses. Dropping the future kills what runs for it.
    ///
    /// `receipt_bytes`: most that a composite receipt may have which is the answer; what would have more is not proved.
    pub async fn prove(&self, job: Job, receipt_bytes: usize, progress: impl Fn(Progress)) -> Result<Proof, Fault> {
        let program = self.programs.find(&job.handle)?;
        let role = role(&program.source)?;
        let compressor = match role {
            Role::Guest if wants_snark(&job) => {
                let lacking = |why: &String| Fault::lacking(format!("no Groth16 receipt can be made here: {why}"));
                Some(Arc::clone(self.compressor.as_ref().map_err(lacking)?))
            }
            _ => None,
        };
        let Some(compressor) = compressor else {
            return self.proven(&program, &job, receipt_bytes, &progress).await;
        };
        let proof = match self.begun.find(&job).map(|kept| self.checked(kept, &program)) {
            Some(checked) => checked.await.ok(),
            None => None,
        };
        let proof = match proof {
            Some(proof) => proof,
            None => {
                let proof = self.proven(&program, &job, RECEIPT_BYTES, &progress).await?;
                self.begun.keep(&job, &proof);
                proof
            }
        };
        progress(step("compressing"));
        let compressed = self.compress(&compressor, &job, &proof).await?;
        progress(step("verifying"));
        self.checked(Proof { kind: "groth16".into(), proof: compressed, ..proof }, &program).await
    }

    /// A composite or a Halo2 proof, verified.
    async fn proven(
        &self,
        program: &Kept,
        job: &Job,
        receipt_bytes: usize,
        progress: &impl Fn(Progress),
    ) -> Result<Proof, Fault> {
        let limits = job.limits.unwrap_or_default();
        let claim = self.pool.claim(&job.handle, self.memory(program, &limits)?, threads(&limits)).await?;
        let order = |run| Asked::Prove(Run { receipt_bytes: receipt_bytes as u64, ..run });
        let (said, used) = self.run(program, claim, job, order, progress).await?;
        let Said::Proof(proof) = said else { return Err(garbage()) };
        progress(step("verifying"));
        let used = Proof {
            proving_ms: millis(used.wall),
            peak_memory_bytes: used.peak_bytes,
            cpu_ms: millis(used.cpu),
            ..proof
        };
        self.checked(used, program).await
    }

    pub async fn verify(&self, request: VerifyRequest) -> Result<Verification, Fault> {
        let key = self.programs.key(&request.verifying_key);
        self.verify_by(request, key).await
    }

    async fn verify_by(&self, request: VerifyRequest, key: Option<CircuitKey>) -> Result<Verification, Fault> {
        let keys = self.settings.keys.clone();
        // A panic over a stranger's bytes is an answer too.
        spawn_blocking(move || systems::verify(&request, &keys, key.as_ref()))
            .await
            .unwrap_or_else(|_| Ok(Verification { reason: "it cannot be read".into(), ..Verification::default() }))
    }

    /// Ends the processes that wait for jobs.
    pub fn clear(&self) {
        self.pool.clear();
    }

    /// Runs a job in a warm process of its program, or in a new one, and keeps the process where it is sound.
    async fn run(
        &self,
        program: &Kept,
        mut claim: Claim,
        job: &Job,
        order: impl FnOnce(Run) -> Asked,
        progress: impl Fn(Progress),
    ) -> Result<(Said, Used), Fault> {
        let limits = job.limits.unwrap_or_default();
        let begun = Instant::now();
        let wall = if limits.wall_ms == 0 { DEFAULT_WALL } else { Duration::from_millis(limits.wall_ms) };
        let cpu = (limits.cpu_ms > 0).then(|| Duration::from_millis(limits.cpu_ms));
        let bounds = Bounds { memory_bytes: claim.memory_bytes(), wall, cpu };
        let mut process = match claim.process.take() {
            Some(process) => process,
            None => self.open(role(&program.source)?, &program.source, claim.threads(), bounds).await?,
        };
        let run = Run {
            inputs: job.inputs.clone(),
            threads: claim.threads(),
            memory_bytes: claim.memory_bytes(),
            cycles: limits.cycles,
            task_id: job.task_id.clone(),
            ..Run::default()
        };
        let left = Bounds { wall: wall.saturating_sub(begun.elapsed()), ..bounds };
        let ended = process.run(order(run), left, progress).await.map_err(|fault| named(fault, wall, left.wall));
        let sound = match &ended {
            Ok(_) => true,
            Err(fault) => matches!(fault.cause(), Cause::Program | Cause::Lacking),
        };
        if sound {
            claim.keep(job.handle.clone(), process);
        }
        ended
    }

    async fn open(&self, role: Role, source: &LoadRequest, threads: u32, bounds: Bounds) -> Result<Process, Fault> {
        let keys = &self.settings.keys;
        let reach = match role {
            Role::Circuit => Reach {
                own: vec![keys.folder.clone().into()],
                read: Some(&keys.srs).filter(|srs| !srs.is_empty()).map(Into::into).into_iter().collect(),
                ..Reach::default()
            },
            _ => Reach::default(),
        };
        let mut process = Process::start(role, self.scratch.folder()?, reach, self.settings.network_wall)?;
        let open = Open {
            program: Some(source.clone()),
            keys: Some(self.settings.keys.clone()),
            threads,
            memory_bytes: bounds.memory_bytes,
        };
        match process.run(Asked::Open(open), bounds, |_| ()).await? {
            (Said::Opened(opened), _) => {
                if !opened.warning.is_empty() {
                    eprintln!("{}", opened.warning);
                }
                if role == Role::Circuit {
                    process.key = Some(CircuitKey::checked(source, &opened)?);
                }
                process.loaded = opened.loaded.unwrap_or_default();
                Ok(process)
            }
            _ => Err(garbage()),
        }
    }

    /// What a process says of its own proof is not believed: it is verified again here, against the program that was
    /// loaded.
    async fn checked(&self, proof: Proof, program: &Kept) -> Result<Proof, Fault> {
        let loaded = &program.loaded;
        let request = VerifyRequest {
            kind: proof.kind.clone(),
            proof: proof.proof.clone(),
            image_id: loaded.image_id.clone(),
            journal: proof.journal.clone(),
            verifying_key: loaded.verifying_key.clone(),
            public_inputs: proof.public_inputs.clone(),
        };
        let verified = self.verify_by(request, program.key.clone()).await?;
        if !verified.holds {
            return Err(Fault::lost(format!("the process made a proof that does not hold: {}", verified.reason)));
        }
        let journal = if proof.kind == "composite" { verified.journal } else { proof.journal };
        Ok(Proof { journal, image_id: loaded.image_id.clone(), verifying_key: loaded.verifying_key.clone(), ..proof })
    }

    async fn compress(&self, compressor: &Arc<Compressor>, job: &Job, proof: &Proof) -> Result<Bytes, Fault> {
        if let Compressor::Remote(remote) = compressor.as_ref() {
            let (remote, task, proof) = (remote.clone(), job.task_id.clone(), proof.clone());
            let cancelled = Cancelled::default();
            let seen = Arc::clone(&cancelled.0);
            return spawn_blocking(move || remote.compress(&task, &proof, &seen)).await.map_err(Fault::internal)?;
        }
        let limits = job.limits.unwrap_or_default();
        // Its own share again, which it may exceed: to wait for the whole machine would hold up all who come after it.
        let memory = if limits.memory_bytes == 0 { u64::MAX } else { limits.memory_bytes };
        let _claim = self.pool.claim(&Bytes::new(), memory, threads(&limits)).await?;
        let bounds = Bounds { memory_bytes: self.settings.capacity.memory_bytes, wall: DEFAULT_WALL, cpu: None };
        let compress = Compress { receipt: proof.proof.clone(), image_id: proof.image_id.clone() };
        let mut process = Process::start(Role::Compressor, self.scratch.folder()?, Reach::default(), false)?;
        match process.run(Asked::Compress(compress), bounds, |_| ()).await? {
            (Said::Proof(proof), _) => Ok(proof.proof),
            _ => Err(garbage()),
        }
    }

    fn memory(&self, program: &Kept, limits: &Limits) -> Result<u64, Fault> {
        Ok(match (limits.memory_bytes, role(&program.source)?) {
            (0, Role::Circuit) => {
                let proof = systems::circuit_memory(&program.source, &self.settings.keys)?;
                CIRCUIT_MEMORY.max(proof.saturating_mul(2))
            }
            (0, _) => self.settings.capacity.memory_bytes,
            (asked, _) => asked,
        })
    }

    fn bounded(&self, bytes: u64) -> u64 {
        bytes.min(self.settings.capacity.memory_bytes)
    }
}

/// Tells a thread, when dropped, that nobody waits for it any more.
#[derive(Default)]
struct Cancelled(Arc<AtomicBool>);

impl Drop for Cancelled {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn role(source: &LoadRequest) -> Result<Role, Fault> {
    match source.vm_type.as_str() {
        "risc0" => Ok(Role::Guest),
        "halo2" => Ok(Role::Circuit),
        other => Err(systems::unknown(other)),
    }
}

fn threads(limits: &Limits) -> u32 {
    if limits.threads == 0 { u32::MAX } else { limits.threads }
}

/// Whether a receipt for a chain is asked for; by the data's `receipt_type`, where the job leaves it to the data.
fn wants_snark(job: &Job) -> bool {
    #[derive(Deserialize)]
    struct Asking {
        receipt_type: String,
    }
    match job.receipt() {
        ReceiptKind::Snark => true,
        ReceiptKind::Stark => false,
        ReceiptKind::AsAsked => {
            let data: Vec<String> =
                job.inputs.first().and_then(|first| serde_json::from_str(first).ok()).unwrap_or_default();
            let asked = data.iter().find_map(|text| serde_json::from_str::<Asking>(text).ok());
            asked.is_some_and(|asking| asking.receipt_type == "Snark")
        }
    }
}

fn step(phase: &str) -> Progress {
    Progress { phase: phase.into(), done: 0, planned: 1 }
}

/// A limit that was cut by the time a program's loading took is still called what the job called it.
fn named(fault: Fault, asked: Duration, left: Duration) -> Fault {
    let (cut, whole) =
        (format!("time limit of {} ms", left.as_millis()), format!("time limit of {} ms", asked.as_millis()));
    if fault.message == cut { Fault { message: whole, ..fault } } else { fault }
}

fn garbage() -> Fault {
    Fault::lost("the process answered something else than was asked")
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
