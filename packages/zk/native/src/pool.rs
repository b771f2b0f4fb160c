use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use prost::bytes::Bytes;
use tokio::sync::{Mutex as Turnstile, Notify};
use tokio::time::{Instant, sleep};

use crate::fault::{Cause, Fault};
use crate::process::Process;
use crate::usage::usage;

/// What a machine gives its jobs.
#[derive(Clone, Copy, Debug)]
pub struct Capacity {
    pub memory_bytes: u64,
    pub threads: u32,
    /// Warm processes that wait for a job are ended after this time.
    pub idle: Duration,
}

/// The processes of a server: jobs wait in order until their memory and threads are free, and a process whose job is
/// done waits, warm, for the next of its program.
#[derive(Clone)]
pub struct Pool {
    capacity: Capacity,
    state: Arc<Mutex<State>>,
    freed: Arc<Notify>,
    turn: Arc<Turnstile<()>>,
}

#[derive(Default)]
struct State {
    memory_claimed: u64,
    threads_claimed: u32,
    waiting: usize,
    warm: VecDeque<Warm>,
}

struct Warm {
    handle: Bytes,
    process: Process,
    resident_bytes: u64,
    since: Instant,
}

/// A job's share of the machine, given back when dropped.
pub struct Claim {
    pool: Pool,
    memory_bytes: u64,
    threads: u32,
    /// A process that has the program in memory.
    pub process: Option<Process>,
}

/// Jobs that may wait. A node's own scheduler sends no more than fit: this bounds everyone else.
const MOST_WAITING: usize = 256;
const MOST_WARM: usize = 16;

impl Pool {
    pub fn new(capacity: Capacity) -> Self {
        Self { capacity, state: Arc::default(), freed: Arc::default(), turn: Arc::default() }
    }

    /// Waits in order for a share of the machine. More than there is counts as all of it.
    pub async fn claim(&self, handle: &Bytes, memory_bytes: u64, threads: u32) -> Result<Claim, Fault> {
        let memory_bytes = memory_bytes.min(self.capacity.memory_bytes);
        let threads = threads.clamp(1, self.capacity.threads);
        let _place = Place::take(self)?;
        let _turn = self.turn.lock().await;
        loop {
            if let Some(process) = self.try_claim(handle, memory_bytes, threads) {
                return Ok(Claim { pool: self.clone(), memory_bytes, threads, process });
            }
            self.freed.notified().await;
        }
    }

    /// Nothing where the share is not free; else the warm process, if there is one.
    fn try_claim(&self, handle: &Bytes, memory_bytes: u64, threads: u32) -> Option<Option<Process>> {
        let mut state = self.lock();
        state.warm.retain_mut(|warm| !warm.process.has_ended());
        if state.threads_claimed + threads > self.capacity.threads
            || state.memory_claimed + memory_bytes > self.capacity.memory_bytes
        {
            return None;
        }
        state.threads_claimed += threads;
        state.memory_claimed += memory_bytes;
        // The one used last: its memory is the likeliest to be in caches, and the others may grow old.
        let at = state.warm.iter().rposition(|warm| warm.handle == *handle);
        let process = at.and_then(|at| state.warm.remove(at)).map(|warm| warm.process);
        self.make_room(&mut state);
        Some(process)
    }

    /// Ends the warm processes, the oldest first, that jobs need the memory of.
    fn make_room(&self, state: &mut State) {
        let warm: u64 = state.warm.iter().map(|warm| warm.resident_bytes).sum();
        let mut surplus = (state.memory_claimed + warm).saturating_sub(self.capacity.memory_bytes);
        while surplus > 0 || state.warm.len() > MOST_WARM {
            let Some(ended) = state.warm.pop_front() else { break };
            surplus = surplus.saturating_sub(ended.resident_bytes);
        }
    }

    /// Lets a process wait for the program's next job.
    pub fn keep(&self, handle: Bytes, process: Process) {
        let resident_bytes = usage(process.pid()).map_or(0, |usage| usage.resident_bytes);
        let mut state = self.lock();
        state.warm.push_back(Warm { handle, process, resident_bytes, since: Instant::now() });
        self.make_room(&mut state);
        drop(state);
        let pool = self.clone();
        tokio::spawn(async move {
            sleep(pool.capacity.idle).await;
            let idle = pool.capacity.idle;
            pool.lock().warm.retain(|warm| warm.since.elapsed() < idle);
        });
    }

    /// Ends all warm processes. Those of running jobs end with their jobs.
    pub fn clear(&self) {
        self.lock().warm.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Claim {
    pub fn memory_bytes(&self) -> u64 {
        self.memory_bytes
    }

    pub fn threads(&self) -> u32 {
        self.threads
    }

    /// Gives the share back and keeps the process for the program's next job.
    pub fn keep(self, handle: Bytes, process: Process) {
        let pool = self.pool.clone();
        drop(self);
        pool.keep(handle, process);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // The process first: its memory is part of the share.
        self.process = None;
        let mut state = self.pool.lock();
        state.memory_claimed -= self.memory_bytes;
        state.threads_claimed -= self.threads;
        drop(state);
        self.pool.freed.notify_one();
    }
}

/// A place among those who wait.
struct Place<'a>(&'a Pool);

impl<'a> Place<'a> {
    fn take(pool: &'a Pool) -> Result<Self, Fault> {
        let mut state = pool.lock();
        if state.waiting == MOST_WAITING {
            return Err(Fault::new(Cause::Full, format!("{MOST_WAITING} jobs wait already")));
        }
        state.waiting += 1;
        Ok(Self(pool))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.lock().waiting -= 1;
    }
}
