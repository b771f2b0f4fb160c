use std::collections::VecDeque;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use prost::Message;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tokio_stream::StreamExt;
use tokio_util::codec::{FramedRead, LengthDelimitedCodec};

use crate::child::{Reach, Role};
use crate::fault::{Cause, Fault};
use crate::frames;
use crate::scratch::Scratch;
use crate::systems::CircuitKey;
use crate::usage::{peak_bytes, reset_peak, usage};
use crate::wire::child::order::Order as Asked;
use crate::wire::child::report::Report as Said;
use crate::wire::child::{Order, Report};
use crate::wire::{Loaded, MESSAGE_BYTES, Progress};

/// A child process from this side. Dropping it kills it.
pub struct Process {
    child: Child,
    pid: u32,
    orders: ChildStdin,
    reports: FramedRead<ChildStdout, LengthDelimitedCodec>,
    log: Arc<Mutex<VecDeque<u8>>>,
    pub loaded: Loaded,
    /// Of a circuit.
    pub key: Option<CircuitKey>,
    /// After the process in this order: it is removed when the process is dead.
    _scratch: Scratch,
}

/// What a job may use. `None` of a time: no bound.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub memory_bytes: u64,
    pub wall: Duration,
    pub cpu: Option<Duration>,
}

/// What a job used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Used {
    pub wall: Duration,
    pub cpu: Duration,
    pub peak_bytes: u64,
}

/// Time that a process may take to notice its end, or to take an order.
const GRACE: Duration = Duration::from_secs(30);
const WATCH_EVERY: Duration = Duration::from_millis(20);
const LOG_BYTES: usize = 4_096;

impl Process {
    /// Starts this program again as a child: with nothing of the server's environment, nor its descriptors.
    pub fn start(role: Role, scratch: Scratch, mut reach: Reach, network_wall: bool) -> Result<Self, Fault> {
        let program = std::env::current_exe().map_err(|why| Fault::internal(format!("cannot find itself: {why}")))?;
        let mut command = Command::new(program);
        command.arg("child").arg(role.name()).arg(std::process::id().to_string());
        if network_wall {
            command.arg("--network-wall");
        }
        reach.own.push(scratch.path().into());
        for (option, paths) in [("--own", &reach.own), ("--read", &reach.read)] {
            for path in paths {
                command.arg(option).arg(path);
            }
        }
        command.env_clear().kill_on_drop(true).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Each thread's arena would keep what it once held, and a warm process should be small.
        command.env("MALLOC_ARENA_MAX", "2");
        for name in passed_on(role) {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("TMPDIR", scratch.path()).current_dir(scratch.path());
        let mut child = command.spawn().map_err(|why| Fault::lost(format!("cannot start a process: {why}")))?;
        let pipes = (child.id(), child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(pid), Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(Fault::internal("a process without its pipes"));
        };
        let log = Arc::default();
        tokio::spawn(keep_end(stderr, Arc::clone(&log)));
        let reports = FramedRead::new(stdout, frames::codec());
        Ok(Self { child, pid, orders: stdin, reports, log, loaded: Loaded::default(), key: None, _scratch: scratch })
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Gives an order and waits for its end. After a fault with the cause `Program` or `Lacking` the process goes on;
    /// after any other it is gone, or about to be dropped.
    pub async fn run(
        &mut self,
        order: Asked,
        bounds: Bounds,
        mut progress: impl FnMut(Progress),
    ) -> Result<(Said, Used), Fault> {
        reset_peak(self.pid);
        let begun = Instant::now();
        let cpu_before = usage(self.pid).map_or(Duration::ZERO, |usage| usage.cpu);
        let mut used = Used::default();
        self.give(order).await?;
        let mut watch = interval(WATCH_EVERY);
        watch.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let deadline = sleep_until(begun + bounds.wall);
        tokio::pin!(deadline);
        let said = loop {
            tokio::select! {
                report = self.reports.next() => match self.read(report).await? {
                    Said::Progress(step) => progress(step),
                    Said::Fault(fault) => return Err(fault),
                    said => break said,
                },
                () = &mut deadline => {
                    return Err(Fault::limit(format!("time limit of {} ms", bounds.wall.as_millis())));
                }
                _ = watch.tick() => {
                    let Some(now) = usage(self.pid) else { continue };
                    used.cpu = now.cpu.saturating_sub(cpu_before);
                    used.peak_bytes = used.peak_bytes.max(now.resident_bytes);
                    over(&bounds, &used)?;
                }
            }
        };
        used.wall = begun.elapsed();
        if let Some(now) = usage(self.pid) {
            used.cpu = now.cpu.saturating_sub(cpu_before);
            used.peak_bytes = used.peak_bytes.max(now.resident_bytes);
        }
        used.peak_bytes = used.peak_bytes.max(peak_bytes(self.pid).unwrap_or(0));
        Ok((said, used))
    }

    async fn give(&mut self, order: Asked) -> Result<(), Fault> {
        let frame = Order { order: Some(order) }.encode_to_vec();
        if frame.len() > MESSAGE_BYTES {
            return Err(Fault::limit(format!("size limit of {MESSAGE_BYTES} bytes for a job")));
        }
        match timeout(GRACE, send(&mut self.orders, &frame)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(self.ended().await),
            Err(_) => Err(Fault::lost("the process takes no orders")),
        }
    }

    async fn read(&mut self, report: Option<io::Result<prost::bytes::BytesMut>>) -> Result<Said, Fault> {
        match report {
            Some(Ok(frame)) => {
                let report = Report::decode(frame.freeze()).ok().and_then(|report| report.report);
                report.ok_or_else(|| Fault::lost("the process answered garbage"))
            }
            Some(Err(why)) if why.kind() == io::ErrorKind::InvalidData => {
                Err(Fault::lost(format!("the process answered garbage: {why}")))
            }
            Some(Err(_)) | None => Err(self.ended().await),
        }
    }

    /// Why the process ended by itself.
    async fn ended(&mut self) -> Fault {
        match timeout(GRACE, self.child.wait()).await {
            Ok(Ok(status)) => self.judge(status),
            _ => Fault::lost("the process closed its pipes and went on"),
        }
    }

    fn judge(&self, status: ExitStatus) -> Fault {
        let log = self.log();
        // What Rust's and C++'s allocators say before they abort.
        if log.contains("memory allocation of") || log.contains("std::bad_alloc") {
            return Fault::limit("memory limit: an allocation failed");
        }
        let how = match status.signal() {
            Some(libc::SIGKILL) => "was killed from outside, or by the system for want of memory".into(),
            Some(signal) => format!("crashed with signal {signal}"),
            None => format!("ended with {status}"),
        };
        let last = log.lines().last().unwrap_or_default();
        let said = if last.is_empty() { String::new() } else { format!("; its last words: {last}") };
        Fault::new(Cause::Lost, format!("the process that proved {how}{said}"))
    }

    fn log(&self) -> String {
        let log = self.log.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        String::from_utf8_lossy(&log.iter().copied().collect::<Vec<_>>()).into_owned()
    }
}

fn over(bounds: &Bounds, used: &Used) -> Result<(), Fault> {
    if used.peak_bytes > bounds.memory_bytes {
        return Err(Fault::limit(format!("memory limit of {} bytes", bounds.memory_bytes)));
    }
    match bounds.cpu {
        Some(most) if used.cpu > most => Err(Fault::limit(format!("CPU time limit of {} ms", most.as_millis()))),
        _ => Ok(()),
    }
}

/// An accelerator's driver, and the compressor's prover in a container, need to be found.
fn passed_on(role: Role) -> &'static [&'static str] {
    match role {
        Role::Compressor => &["PATH", "HOME", "DOCKER_HOST", "CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH"],
        _ if cfg!(feature = "cuda") => &["CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH"],
        _ => &[],
    }
}

async fn send(pipe: &mut ChildStdin, frame: &[u8]) -> io::Result<()> {
    pipe.write_all(&(frame.len() as u32).to_be_bytes()).await?;
    pipe.write_all(frame).await?;
    pipe.flush().await
}

async fn keep_end(mut from: impl AsyncRead + Unpin, log: Arc<Mutex<VecDeque<u8>>>) {
    let mut chunk = [0; 4_096];
    while let Ok(read @ 1..) = from.read(&mut chunk).await {
        let mut log = log.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        log.extend(&chunk[..read]);
        let surplus = log.len().saturating_sub(LOG_BYTES);
        log.drain(..surplus);
    }
}
