//! What stands between a job's process and the machine.

use std::path::PathBuf;

use crate::fault::Fault;

/// What a process may do beside computing.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// Folders in which it may do as it likes.
    pub own: Vec<PathBuf>,
    /// Files that it may read.
    pub read: Vec<PathBuf>,
    /// Run programs and talk to them: a compressor of our own, in whose process no stranger's code runs, calls a prover
    /// in a container.
    pub programs: bool,
}

/// Raises the walls that stand from a process's first moment. Call it before any thread is made.
///
/// A kernel that has no Landlock does not keep the process from files that the server may read; one that has neither
/// namespaces nor seccomp does not keep it from the network, which is a fault where `network_wall` is wanted.
pub fn raise(parent: u32, reach: &Reach, network_wall: bool) -> Result<(), Fault> {
    platform::limit_resources();
    platform::die_with(parent)?;
    if reach.programs {
        return Ok(());
    }
    let namespaces = platform::leave_network();
    // What it cannot do is said above.
    let _ = platform::leave_files(reach);
    match (namespaces, platform::filter_calls(true)) {
        (Err(_), Err(why)) if network_wall => {
            Err(Fault::lacking(format!("nothing here keeps a program from the network: {why}")))
        }
        _ => Ok(()),
    }
}

/// From now on nothing is opened, made or removed: what a job needs is in memory.
pub fn close_files() {
    // Where the first filter could not be installed, neither can this one, which raise has judged.
    let _ = platform::filter_calls(false);
}

#[cfg(target_os = "linux")]
mod platform {
    use std::collections::BTreeMap;
    use std::fs::File;
    use std::io::{Error, Result};
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
    use std::os::unix::fs::OpenOptionsExt;
    use std::path::Path;

    use seccompiler::{
        SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
        apply_filter_all_threads,
    };

    use super::Reach;
    use crate::fault::Fault;

    const DESCRIPTORS: libc::rlim_t = 64;

    pub fn limit_resources() {
        // Not even a core of this process is written: it holds readings.
        limit(libc::RLIMIT_CORE, 0);
        limit(libc::RLIMIT_NOFILE, DESCRIPTORS);
        // When the machine runs out of memory, a job dies rather than the server. Fails where /proc is not mounted.
        let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    }

    fn limit(resource: libc::__rlimit_resource_t, most: libc::rlim_t) {
        let limit = libc::rlimit { rlim_cur: most, rlim_max: most };
        // SAFETY: reads one struct of ours. Lowering a limit is always allowed.
        unsafe { libc::setrlimit(resource, &limit) };
    }

    pub fn die_with(parent: u32) -> std::result::Result<(), Fault> {
        // SAFETY: sets attributes of this process; touches no memory.
        let now = unsafe {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
            libc::getppid()
        };
        if now as u32 == parent { Ok(()) } else { Err(Fault::lost("the server ended")) }
    }

    /// Empty network and IPC namespaces, which containers mostly forbid.
    pub fn leave_network() -> Result<()> {
        // SAFETY: changes what this process, which has one thread, belongs to.
        checked(unsafe { libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET | libc::CLONE_NEWIPC) }.into())
            .map(drop)
    }

    fn checked(answer: i64) -> Result<i64> {
        if answer < 0 { Err(Error::last_os_error()) } else { Ok(answer) }
    }

    /// Landlock: no file is seen but those of `reach`. See https://docs.kernel.org/userspace-api/landlock.html
    pub fn leave_files(reach: &Reach) -> Result<()> {
        if cfg!(feature = "cuda") {
            // The driver opens what it likes.
            return Ok(());
        }
        let version = landlock_version()?;
        let rights = match version {
            1 => (1 << 13) - 1,
            2 => (1 << 14) - 1,
            3 | 4 => (1 << 15) - 1,
            _ => (1u64 << 16) - 1,
        };
        // Connecting and binding TCP; abstract sockets and signals.
        let handled: [u64; 3] = [rights, 3, 3];
        let size = match version {
            1..=3 => 8usize,
            4 | 5 => 16,
            _ => 24,
        };
        // SAFETY: reads `size` bytes of `handled`.
        let rules = checked(unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, handled.as_ptr(), size, 0u32) })?;
        // SAFETY: the descriptor was just made, and nothing else owns it.
        let rules = unsafe { OwnedFd::from_raw_fd(rules as i32) };
        for folder in &reach.own {
            allow(&rules, folder, rights)?;
        }
        for file in &reach.read {
            allow(&rules, file, READ_FILE)?;
        }
        // SAFETY: narrows what this process, which has one thread, may do.
        checked(unsafe { libc::syscall(libc::SYS_landlock_restrict_self, rules.as_raw_fd(), 0u32) }).map(drop)
    }

    pub fn landlock_version() -> Result<i64> {
        // SAFETY: asks for a number.
        checked(unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, 0usize, 0usize, 1u32) })
    }

    const READ_FILE: u64 = 1 << 2;

    #[repr(C, packed)]
    struct Beneath {
        rights: u64,
        parent: i32,
    }

    fn allow(rules: &OwnedFd, path: &Path, rights: u64) -> Result<()> {
        const BENEATH: u32 = 1;
        let parent = File::options().read(true).custom_flags(libc::O_PATH).open(path)?;
        let rule = Beneath { rights, parent: parent.as_raw_fd() };
        // SAFETY: reads one struct of ours.
        let added =
            unsafe { libc::syscall(libc::SYS_landlock_add_rule, rules.as_raw_fd(), BENEATH, &raw const rule, 0u32) };
        checked(added).map(drop)
    }

    /// From now on a call that is not listed answers EPERM.
    pub fn filter_calls(files: bool) -> Result<()> {
        let refuse = SeccompAction::Errno(libc::EPERM as u32);
        if cfg!(feature = "cuda") {
            // The driver opens devices and talks to them as it likes; it is kept from the network and from other processes.
            return install(refused_with_driver(), SeccompAction::Allow, refuse);
        }
        install(allowed(files), refuse, SeccompAction::Allow)?;
        // Its flags lie in memory, where no filter sees them. This answer makes libc call clone, whose flags are checked.
        let unknown = SeccompAction::Errno(libc::ENOSYS as u32);
        install(BTreeMap::from([(libc::SYS_clone3, vec![])]), SeccompAction::Allow, unknown)
    }

    type Rules = BTreeMap<i64, Vec<SeccompRule>>;

    fn install(rules: Rules, otherwise: SeccompAction, listed: SeccompAction) -> Result<()> {
        let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(Error::other)?;
        let filter = SeccompFilter::new(rules, otherwise, listed, arch).map_err(Error::other)?;
        let program: seccompiler::BpfProgram = filter.try_into().map_err(Error::other)?;
        apply_filter_all_threads(&program).map_err(Error::other)
    }

    fn allowed(files: bool) -> Rules {
        let mut rules: Rules = COMPUTE.iter().map(|call| (*call, vec![])).collect();
        if files {
            rules.extend(OPEN.iter().map(|call| (*call, vec![])));
        }
        let own = u64::from(std::process::id());
        let thread = libc::CLONE_THREAD as u64;
        rules.insert(libc::SYS_clone, vec![rule(0, SeccompCmpOp::MaskedEq(thread), thread)]);
        rules.insert(libc::SYS_tgkill, vec![rule(0, SeccompCmpOp::Eq, own)]);
        rules.insert(libc::SYS_prlimit64, vec![rule(0, SeccompCmpOp::Eq, 0)]);
        let named = [libc::PR_SET_NAME, libc::PR_GET_NAME, libc::PR_SET_NO_NEW_PRIVS, libc::PR_SET_VMA];
        rules.insert(libc::SYS_prctl, named.map(|what| rule(0, SeccompCmpOp::Eq, what as u64)).into());
        rules
    }

    fn refused_with_driver() -> Rules {
        let inet = [libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK, libc::AF_PACKET, libc::AF_VSOCK];
        let mut rules: Rules = REACH.iter().map(|call| (*call, vec![])).collect();
        rules.insert(libc::SYS_socket, inet.map(|family| rule(0, SeccompCmpOp::Eq, family as u64)).into());
        rules
    }

    fn rule(argument: u8, operator: SeccompCmpOp, value: u64) -> SeccompRule {
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
            .and_then(|condition| SeccompRule::new(vec![condition]))
            .expect("one condition on one of six arguments")
    }

    /// Memory, threads, time, and the pipes that are open.
    const COMPUTE: &[i64] = &[
        libc::SYS_brk,
        libc::SYS_clock_getres,
        libc::SYS_clock_gettime,
        libc::SYS_clock_nanosleep,
        libc::SYS_clone3,
        libc::SYS_close,
        libc::SYS_exit,
        libc::SYS_exit_group,
        libc::SYS_fcntl,
        libc::SYS_fstat,
        libc::SYS_futex,
        libc::SYS_get_robust_list,
        libc::SYS_getegid,
        libc::SYS_geteuid,
        libc::SYS_getgid,
        libc::SYS_getpid,
        libc::SYS_getppid,
        libc::SYS_getrandom,
        libc::SYS_getrusage,
        libc::SYS_gettid,
        libc::SYS_gettimeofday,
        libc::SYS_getuid,
        libc::SYS_lseek,
        libc::SYS_madvise,
        libc::SYS_membarrier,
        libc::SYS_mincore,
        libc::SYS_mmap,
        libc::SYS_mprotect,
        libc::SYS_mremap,
        libc::SYS_munmap,
        libc::SYS_nanosleep,
        libc::SYS_ppoll,
        libc::SYS_pread64,
        libc::SYS_read,
        libc::SYS_readv,
        libc::SYS_restart_syscall,
        libc::SYS_rseq,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sched_getaffinity,
        libc::SYS_sched_yield,
        libc::SYS_seccomp,
        libc::SYS_set_robust_list,
        libc::SYS_set_tid_address,
        libc::SYS_sigaltstack,
        libc::SYS_sysinfo,
        libc::SYS_uname,
        libc::SYS_write,
        libc::SYS_writev,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_poll,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_arch_prctl,
    ];

    /// Reading and writing files.
    const OPEN: &[i64] = &[
        libc::SYS_faccessat,
        libc::SYS_faccessat2,
        libc::SYS_fallocate,
        libc::SYS_fchmod,
        libc::SYS_fchmodat,
        libc::SYS_fdatasync,
        libc::SYS_flock,
        libc::SYS_fstatfs,
        libc::SYS_fsync,
        libc::SYS_ftruncate,
        libc::SYS_getcwd,
        libc::SYS_getdents64,
        libc::SYS_linkat,
        libc::SYS_mkdirat,
        libc::SYS_newfstatat,
        libc::SYS_openat,
        libc::SYS_pwrite64,
        libc::SYS_readlinkat,
        libc::SYS_renameat,
        libc::SYS_renameat2,
        libc::SYS_statfs,
        libc::SYS_statx,
        libc::SYS_unlinkat,
        libc::SYS_utimensat,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_access,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_chmod,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_link,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_lstat,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_mkdir,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_open,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_readlink,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_rename,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_rmdir,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_stat,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_unlink,
    ];

    /// What reaches other processes, or runs programs.
    const REACH: &[i64] = &[
        libc::SYS_bpf,
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
        libc::SYS_io_uring_setup,
        libc::SYS_kill,
        libc::SYS_perf_event_open,
        libc::SYS_pidfd_getfd,
        libc::SYS_pidfd_send_signal,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_ptrace,
        libc::SYS_userfaultfd,
    ];
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::io::{Error, ErrorKind, Result};

    use super::Reach;
    use crate::fault::Fault;

    pub fn limit_resources() {
        let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: reads one struct of ours.
        unsafe { libc::setrlimit(libc::RLIMIT_CORE, &none) };
    }

    /// The end of its standard input tells a child that the server is gone.
    pub fn die_with(_parent: u32) -> std::result::Result<(), Fault> {
        Ok(())
    }

    pub fn leave_network() -> Result<()> {
        Err(Error::from(ErrorKind::Unsupported))
    }

    pub fn leave_files(_reach: &Reach) -> Result<()> {
        Err(Error::from(ErrorKind::Unsupported))
    }

    pub fn filter_calls(_files: bool) -> Result<()> {
        Err(Error::from(ErrorKind::Unsupported))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::{self, File};
    use std::net::{TcpStream, UdpSocket};
    use std::os::unix::net::UnixStream;
    use std::process::Command;

    use super::*;

    /// Does something in a process of its own.
    /// # Returns
    /// the code it ended with
    fn apart(job: impl FnOnce() -> i32) -> i32 {
        // SAFETY: the new process runs the job and ends without coming back here.
        unsafe {
            let child = libc::fork();
            assert!(child >= 0);
            if child == 0 {
                libc::_exit(job());
            }
            let mut status = 0;
            assert_eq!(libc::waitpid(child, &mut status, 0), child);
            assert!(libc::WIFEXITED(status), "{status}");
            libc::WEXITSTATUS(status)
        }
    }

    #[test]
    fn a_process_behind_walls_reaches_its_own_folder_alone() {
        let folder = std::env::temp_dir().join(format!("w3b-walls-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let reach = Reach { own: vec![folder.clone()], ..Reach::default() };
        let parent = std::process::id();
        let kept_from_files = platform::landlock_version().is_ok() && cfg!(not(feature = "cuda"));
        let code = apart(|| {
            if raise(parent, &reach, true).is_err() {
                return 1;
            }
            // SAFETY: asks whether a process may be signalled.
            let signals = unsafe { libc::kill(parent as i32, 0) } == 0;
            let reached = [
                UdpSocket::bind("127.0.0.1:0").is_ok(),
                TcpStream::connect("127.0.0.1:1").is_err_and(|why| why.kind() == std::io::ErrorKind::ConnectionRefused),
                UnixStream::connect(folder.join("none")).is_err_and(|why| why.kind() == std::io::ErrorKind::NotFound),
                Command::new("/bin/true").status().is_ok(),
                signals,
                kept_from_files && File::open("/etc/passwd").is_ok(),
                fs::write(folder.join("a"), "b").is_err(),
                std::thread::spawn(|| ()).join().is_err(),
            ];
            if let Some(at) = reached.iter().position(|reached| *reached) {
                return 10 + at as i32;
            }
            close_files();
            i32::from(File::open(folder.join("a")).is_ok()) * 2
        });
        fs::remove_dir_all(folder).unwrap();
        assert_eq!(code, 0);
    }

    #[test]
    fn a_process_whose_server_is_gone_does_not_begin() {
        let refused = apart(|| i32::from(raise(1, &Reach::default(), false).is_err()));
        assert_eq!(refused, 1);
    }
}
