use std::any::Any;
use std::cell::RefCell;
use std::fs;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use risc0_zkvm::{
    ExecutorEnv, ExecutorImpl, ExitCode, NullSegmentRef, ProverOpts, Segment, SegmentRef, Session, SessionEvents,
    get_prover_server,
};

use crate::compress::local::recursion_archive;
use crate::limits::{Limits, MAX_JOURNAL_BYTES, MAX_SEGMENTS, ReceiptShape, memory_of_segment, segment_po2};
use crate::verify::{Kind, context, verify};
use crate::{Program, RunError};

/// Bytes kept of what a guest prints.
const MAX_PRINTED_BYTES: usize = 4096;
/// The executor and the prover recurse deeper than a spawned thread's default allows.
const STACK_BYTES: usize = 16 << 20;

/// What running a program without a proof shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    pub user_cycles: u64,
    /// With paging and what fills the segments: what proving costs.
    pub total_cycles: u64,
    pub segments: u32,
    /// The largest segment's rows are 2 to this power.
    pub po2: u32,
    /// What the guest committed.
    pub journal: Vec<u8>,
    /// Most memory that proving takes, in bytes: an estimate.
    pub memory_bytes: u64,
}

/// A composite receipt, verified.
#[derive(Clone, Debug)]
pub struct Composite {
    /// [`risc0_zkvm::Receipt`] in bincode.
    pub receipt: Vec<u8>,
    pub journal: Vec<u8>,
    pub execution: Execution,
}

/// What a prover is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Executing,
    Proving,
    Compressing,
    Verifying,
}

impl Phase {
    /// Its name in the runtime's protocol.
    pub fn name(self) -> &'static str {
        match self {
            Self::Executing => "executing",
            Self::Proving => "proving",
            Self::Compressing => "compressing",
            Self::Verifying => "verifying",
        }
    }
}

/// Runs a program without proving it.
///
/// @param inputs what the guest reads, string by string (`env::read::<String>()`)
///
/// # Errors
/// [`RunError::Program`]: the guest panics, traps or exits with a code; [`RunError::Limit`]: cycles, segments, journal or
/// memory.
pub fn execute(program: &Program, inputs: &[String], limits: &Limits) -> Result<Execution, RunError> {
    let po2 = segment_po2(limits.memory_bytes)?;
    apart(limits.threads, || Ok(run(program, inputs, limits, po2, None)?.execution))
}

/// Runs a program and proves it, segment by segment; what comes back has been verified.
///
/// Segments wait in files of the folder for temporary ones (`TMPDIR`), so that memory holds one at a time.
/// @param progress called with what is at work, and how much of how much is done
///
/// # Errors
/// As [`execute`]; [`RunError::Limit`]: the receipt would be too large; [`RunError::Lacking`]: the guest hashes with the Keccak accelerator and this build has no recursion
/// archive, or `RISC0_DEV_MODE` is set.
pub fn prove(
    program: &Program,
    inputs: &[String],
    limits: &Limits,
    progress: &mut dyn FnMut(Phase, u32, u32),
) -> Result<Composite, RunError> {
    refuse_dev_mode()?;
    let po2 = segment_po2(limits.memory_bytes)?;
    let (events, received) = channel();
    thread::scope(|scope| {
        let prover = scope.spawn(move || {
            let threads = limits.threads;
            apart(threads, move || prove_here(program, inputs, limits, po2, events))
        });
        for (phase, done, planned) in received {
            progress(phase, done, planned);
        }
        prover.join().unwrap_or_else(|panic| Err(RunError::Internal(panic_text(&*panic))))
    })
}

type Event = (Phase, u32, u32);

fn prove_here(
    program: &Program,
    inputs: &[String],
    limits: &Limits,
    po2: u32,
    events: Sender<Event>,
) -> Result<Composite, RunError> {
    let tell = |event: Event| {
        // Nobody listens any more: the caller is gone, and its process goes with it.
        let _ = events.send(event);
    };
    tell((Phase::Executing, 0, 1));
    let folder = tempfile::tempdir().map_err(|error| internal(&error.into()))?;
    let Run { mut session, execution } = run(program, inputs, limits, po2, Some(folder.path()))?;
    let (segments, assumptions, journal_bytes) =
        (execution.segments, session.assumptions.len(), execution.journal.len());
    ReceiptShape { segments, po2: execution.po2, assumptions, journal_bytes }.check(limits)?;
    if !session.assumptions.is_empty() {
        recursion_archive().map_err(|why| {
            RunError::Lacking(format!("The guest uses an accelerator that is proven by recursion (Keccak): {why}"))
        })?;
    }
    tell((Phase::Proving, 0, execution.segments));
    session.add_hook(Proven { events: events.clone(), planned: execution.segments });
    let prover = get_prover_server(&ProverOpts::composite()).map_err(|error| internal(&error))?;
    let proven = prover.prove_session(&context(), &session).map_err(|error| internal(&error))?;
    tell((Phase::Verifying, 0, 1));
    let receipt = bincode::serialize(&proven.receipt).map_err(|error| internal(&error.into()))?;
    verify(Kind::Composite, &receipt, &program.image_id, Some(&execution.journal))
        .map_err(|why| RunError::Internal(format!("The proof that was just made does not hold: {why}")))?;
    Ok(Composite { receipt, journal: execution.journal.clone(), execution })
}

/// Tells of each segment proven.
struct Proven {
    events: Sender<Event>,
    planned: u32,
}

impl SessionEvents for Proven {
    fn on_post_prove_segment(&self, segment: &Segment) {
        // Nobody listens any more: the caller is gone, and its process goes with it.
        let _ = self.events.send((Phase::Proving, segment.index + 1, self.planned));
    }
}

/// A segment in a file.
struct Stored(PathBuf);

impl Stored {
    fn new(segment: &Segment, folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(segment.index.to_string());
        fs::write(&path, bincode::serialize(segment)?)?;
        Ok(Self(path))
    }
}

impl SegmentRef for Stored {
    fn resolve(&self) -> anyhow::Result<Segment> {
        Ok(bincode::deserialize(&fs::read(&self.0)?)?)
    }
}

struct Run {
    session: Session,
    execution: Execution,
}

fn run(
    program: &Program,
    inputs: &[String],
    limits: &Limits,
    po2: u32,
    folder: Option<&Path>,
) -> Result<Run, RunError> {
    let printed = Printed::default();
    let env = environment(inputs, limits, po2, &printed).map_err(|error| internal(&error))?;
    let mut executor = ExecutorImpl::from_elf(env, &program.binary)
        .map_err(|error| RunError::Program(format!("The program cannot be loaded: {error:#}.")))?;
    let mut po2s = Vec::new();
    let mut keep = |segment: Segment| {
        if po2s.len() == MAX_SEGMENTS {
            anyhow::bail!(TOO_MANY_SEGMENTS);
        }
        po2s.push(segment.po2() as u32);
        Ok(match folder {
            None => Box::new(NullSegmentRef) as Box<dyn SegmentRef>,
            Some(folder) => Box::new(Stored::new(&segment, folder)?),
        })
    };
    // Some faults of a guest are assertions of the executor.
    let session = catch_unwind(AssertUnwindSafe(|| executor.run_with_callback(&mut keep)))
        .unwrap_or_else(|panic| Err(anyhow::anyhow!(panic_text(&*panic))))
        .map_err(|error| fault(&error, limits, &printed))?;
    match session.exit_code {
        ExitCode::Halted(0) => (),
        ExitCode::Halted(code) => return Err(RunError::Program(format!("The guest ended with exit code {code}."))),
        _ => return Err(RunError::Program("The guest paused where it should have ended.".into())),
    }
    let journal = session.journal.as_ref().map(|journal| journal.bytes.clone()).unwrap_or_default();
    if journal.len() > MAX_JOURNAL_BYTES {
        let bytes = journal.len();
        return Err(RunError::Limit(format!(
            "The guest commits {bytes} bytes, and a journal may have {MAX_JOURNAL_BYTES}."
        )));
    }
    let largest = po2s.iter().copied().max().unwrap_or(po2);
    let execution = Execution {
        user_cycles: session.user_cycles,
        total_cycles: session.total_cycles,
        segments: po2s.len() as u32,
        po2: largest,
        journal,
        memory_bytes: memory_of_segment(largest),
    };
    Ok(Run { session, execution })
}

fn environment<'a>(
    inputs: &[String],
    limits: &Limits,
    po2: u32,
    printed: &Printed,
) -> Result<ExecutorEnv<'a>, anyhow::Error> {
    let mut builder = ExecutorEnv::builder();
    builder.segment_limit_po2(po2).session_limit(Some(limits.max_cycles()));
    builder.stdout(printed.clone()).stderr(printed.clone());
    for input in inputs {
        builder.write(input)?;
    }
    builder.build()
}

/// The beginning of what a guest prints.
#[derive(Clone, Default)]
struct Printed(Rc<RefCell<Vec<u8>>>);

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.borrow_mut();
        let room = MAX_PRINTED_BYTES - kept.len();
        kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const TOO_MANY_SEGMENTS: &str = "too many segments";

/// What ended a run. The executor's errors are texts, so this reads them.
fn fault(error: &anyhow::Error, limits: &Limits, printed: &Printed) -> RunError {
    if error.chain().any(|cause| cause.is::<io::Error>()) {
        return internal(error);
    }
    let text = format!("{error:#}");
    if text.contains("Session limit exceeded") {
        let cycles = limits.max_cycles();
        return RunError::Limit(format!("The guest ran for more than {cycles} cycles, its limit."));
    }
    if text.contains(TOO_MANY_SEGMENTS) || text.contains("too small for instruction") {
        return RunError::Limit(format!(
            "The guest needs more than {MAX_SEGMENTS} segments of the size that its memory limit allows."
        ));
    }
    if let Some((_, message)) = text.split_once("Guest panicked: ") {
        return RunError::Program(format!("The guest panicked: {}.", short(message).trim_end_matches('.')));
    }
    let printed = String::from_utf8_lossy(&printed.0.borrow()).into_owned();
    let said = if printed.trim().is_empty() { String::new() } else { format!(" It printed: {}", short(&printed)) };
    RunError::Program(format!("The guest broke off: {}.{said}", short(&text)))
}

fn short(text: &str) -> String {
    const MOST: usize = 500;
    let text = text.trim();
    if text.chars().count() <= MOST { text.into() } else { text.chars().take(MOST).chain(['…']).collect() }
}

fn internal(error: &anyhow::Error) -> RunError {
    RunError::Internal(format!("The prover failed: {}.", short(&format!("{error:#}"))))
}

/// Its presence makes the zkVM panic in a build without dev mode.
pub(crate) fn refuse_dev_mode() -> Result<(), RunError> {
    match std::env::var("RISC0_DEV_MODE") {
        Ok(value) if ["1", "true", "yes"].contains(&value.to_lowercase().as_str()) => Err(RunError::Lacking(
            "RISC0_DEV_MODE is set, and this prover has no dev mode: start it without that variable.".into(),
        )),
        _ => Ok(()),
    }
}

/// Does work on threads of its own, so that a panic of the zkVM is an error and not the end of the process.
fn apart<T: Send>(threads: usize, work: impl FnOnce() -> Result<T, RunError> + Send) -> Result<T, RunError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK_BYTES).build();
    let pool = pool.map_err(|error| RunError::Internal(format!("No threads can be had: {error}.")))?;
    thread::scope(|scope| {
        scope.spawn(|| pool.install(work)).join().unwrap_or_else(|panic| {
            Err(RunError::Internal(format!("The prover broke off: {}.", short(&panic_text(&*panic)))))
        })
    })
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| text.to_string())).unwrap_or_default()
}
