//! A job's process: opens one program and runs one job after the other, behind walls.

mod walls;

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::FromRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, sync_channel};

pub use walls::Reach;

use crate::fault::Fault;
use crate::frames;
use crate::systems::{self, Program};
use crate::wire::child::order::Order as Asked;
use crate::wire::child::report::Report as Said;
use crate::wire::child::{Order, Report};
use crate::wire::{Progress, Proof};

/// What the server starts a child with.
pub struct Start {
    pub parent: u32,
    pub reach: Reach,
    /// Refuse to run where nothing keeps a program from the network.
    pub network_wall: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Guest,
    Circuit,
    Compressor,
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Role::Guest => "guest",
            Role::Circuit => "circuit",
            Role::Compressor => "compressor",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        [Role::Guest, Role::Circuit, Role::Compressor].into_iter().find(|role| role.name() == name)
    }
}

/// Serves orders until standard input ends. The process ends with it.
pub fn run(start: Start) -> io::Result<()> {
    let pipe = Mutex::new(take_pipe()?);
    let raised = walls::raise(start.parent, &start.reach, start.network_wall);
    let orders = orders()?;
    let mut opened = None;
    while let Ok(order) = orders.recv() {
        let answer = match &raised {
            Ok(()) => guarded(|| obey(order, &mut opened, &pipe)),
            Err(fault) => Err(fault.clone()),
        };
        say(&pipe, answer.unwrap_or_else(Said::Fault))?;
    }
    Ok(())
}

/// The pipe to the server, kept from whatever prints: guests, libraries and panics write to standard error instead.
fn take_pipe() -> io::Result<File> {
    // SAFETY: descriptors of this process, at its start: none but the standard three is in use.
    unsafe {
        let pipe = libc::fcntl(libc::STDOUT_FILENO, libc::F_DUPFD_CLOEXEC, 3);
        if pipe != 3 {
            // Something was inherited in its place.
            libc::dup2(libc::STDOUT_FILENO, 3);
            libc::fcntl(3, libc::F_SETFD, libc::FD_CLOEXEC);
        }
        libc::dup2(libc::STDERR_FILENO, libc::STDOUT_FILENO);
        close_from(4);
        Ok(File::from_raw_fd(3))
    }
}

/// # Safety
/// Nothing of this process may own a descriptor from `first` on.
unsafe fn close_from(first: i32) {
    #[cfg(target_os = "linux")]
    // SAFETY: as this function's.
    if unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) } == 0 {
        return;
    }
    // SAFETY: as this function's.
    let most = unsafe { libc::sysconf(libc::_SC_OPEN_MAX) }.clamp(256, 65_536) as i32;
    for descriptor in first..most {
        // SAFETY: as this function's.
        unsafe { libc::close(descriptor) };
    }
}

/// Orders as they come. Their end is the server's: the process ends at once, whatever it is at.
fn orders() -> io::Result<Receiver<Order>> {
    let (sender, receiver) = sync_channel(1);
    std::thread::Builder::new().name("orders".into()).spawn(move || {
        while let Ok(Some(order)) = frames::read(&mut io::stdin().lock()) {
            if sender.send(order).is_err() {
                break;
            }
        }
        std::process::exit(0)
    })?;
    Ok(receiver)
}

fn guarded(job: impl FnOnce() -> Result<Said, Fault>) -> Result<Said, Fault> {
    catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Err(Fault::internal(format!("the prover panicked: {}", text.unwrap_or("without a message"))))
    })
}

fn obey(order: Order, opened: &mut Option<Box<dyn Program>>, pipe: &Mutex<File>) -> Result<Said, Fault> {
    match order.order {
        Some(Asked::Open(open)) => {
            let program = systems::open(&open)?;
            if program.needs_no_files() {
                walls::close_files();
            }
            let report = program.report();
            *opened = Some(program);
            Ok(Said::Opened(report))
        }
        Some(Asked::Execute(run)) => {
            title(&run.task_id);
            of(opened)?.execute(&run).map(Said::Execution)
        }
        Some(Asked::Prove(run)) => {
            title(&run.task_id);
            of(opened)?.prove(&run, &mut |progress| tell(pipe, progress)).map(Said::Proof)
        }
        Some(Asked::Compress(compress)) => {
            let (proof, journal) = systems::compress(&compress)?;
            Ok(Said::Proof(Proof { proof: proof.into(), journal: journal.into(), ..Proof::default() }))
        }
        None => Err(Fault::internal("an empty order")),
    }
}

fn of(opened: &mut Option<Box<dyn Program>>) -> Result<&mut Box<dyn Program>, Fault> {
    opened.as_mut().ok_or_else(|| Fault::internal("a job before its program"))
}

/// Shows an operator which task a process is at.
fn title(task_id: &str) {
    #[cfg(target_os = "linux")]
    if let Ok(name) = std::ffi::CString::new(format!("w3b {task_id}")) {
        // SAFETY: reads a string of ours, of which the kernel keeps the first 15 bytes.
        unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = task_id;
}

fn tell(pipe: &Mutex<File>, progress: Progress) {
    // A server that is gone ends this process through its standard input.
    let _ = say(pipe, Said::Progress(progress));
}

fn say(pipe: &Mutex<File>, said: Said) -> io::Result<()> {
    let mut pipe = pipe.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let report = Report { report: Some(said) };
    match frames::write(&mut *pipe, &report) {
        Err(why) if why.kind() == io::ErrorKind::Other => {
            let fault = Fault::limit(format!("size of a result: {why}"));
            frames::write(&mut *pipe, &Report { report: Some(Said::Fault(fault)) })
        }
        written => written,
    }?;
    pipe.flush()
}
