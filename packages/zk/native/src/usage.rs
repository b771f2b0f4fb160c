//! What a process has used, seen from outside.

use std::time::Duration;

pub struct Usage {
    pub resident_bytes: u64,
    pub cpu: Duration,
}

/// Nothing where the process is gone.
pub fn usage(pid: u32) -> Option<Usage> {
    platform::usage(pid)
}

/// Most memory that the process held since the last `reset_peak`, where the platform keeps count.
pub fn peak_bytes(pid: u32) -> Option<u64> {
    platform::peak_bytes(pid)
}

pub fn reset_peak(pid: u32) {
    platform::reset_peak(pid);
}

/// Memory of the machine, or of the container this runs in, that is free to use.
pub fn available_memory() -> u64 {
    platform::available_memory().unwrap_or(FALLBACK_MEMORY)
}

const FALLBACK_MEMORY: u64 = 4 << 30;

#[cfg(target_os = "linux")]
mod platform {
    use std::fs::{read_to_string, write};
    use std::time::Duration;

    use super::Usage;

    pub fn usage(pid: u32) -> Option<Usage> {
        let stat = read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name, in parentheses, may hold anything.
        let fields: Vec<u64> =
            stat[stat.rfind(')')? + 2..].split(' ').map(|field| field.parse().unwrap_or(0)).collect();
        let (user, system, pages) = (fields.get(11)?, fields.get(12)?, fields.get(21)?);
        let ticks = sysconf(libc::_SC_CLK_TCK);
        let cpu = Duration::from_millis((user + system) * 1_000 / ticks);
        Some(Usage { resident_bytes: pages * sysconf(libc::_SC_PAGESIZE), cpu })
    }

    pub fn peak_bytes(pid: u32) -> Option<u64> {
        kilobytes(&read_to_string(format!("/proc/{pid}/status")).ok()?, "VmHWM:")
    }

    pub fn reset_peak(pid: u32) {
        // Where it is refused the peak is the process's, not the job's.
        let _ = write(format!("/proc/{pid}/clear_refs"), "5");
    }

    pub fn available_memory() -> Option<u64> {
        let machine = kilobytes(&read_to_string("/proc/meminfo").ok()?, "MemAvailable:")?;
        let containers = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
        let container = containers.iter().find_map(|path| read_to_string(path).ok()?.trim().parse().ok());
        Some(container.unwrap_or(machine).min(machine))
    }

    fn kilobytes(table: &str, name: &str) -> Option<u64> {
        let line = table.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? << 10)
    }

    fn sysconf(name: i32) -> u64 {
        // SAFETY: reads a constant of the system.
        u64::try_from(unsafe { libc::sysconf(name) }).unwrap_or(0).max(1)
    }
}

#[cfg(target_os = "macos")]
mod platform {
    use std::mem::{size_of, zeroed};
    use std::time::Duration;

    use super::Usage;

    #[allow(deprecated)] // Its successor is a crate for one call.
    pub fn usage(pid: u32) -> Option<Usage> {
        // SAFETY: both calls fill a struct of ours, of the size they are told.
        let (info, base) = unsafe {
            let mut info: libc::proc_taskinfo = zeroed();
            let size = size_of::<libc::proc_taskinfo>() as i32;
            let filled = libc::proc_pidinfo(pid as i32, libc::PROC_PIDTASKINFO, 0, (&raw mut info).cast(), size);
            if filled != size {
                return None;
            }
            let mut base: libc::mach_timebase_info = zeroed();
            libc::mach_timebase_info(&mut base);
            (info, base)
        };
        let ticks = u128::from(info.pti_total_user) + u128::from(info.pti_total_system);
        let nanoseconds = ticks * u128::from(base.numer) / u128::from(base.denom.max(1));
        Some(Usage { resident_bytes: info.pti_resident_size, cpu: Duration::from_nanos(nanoseconds as u64) })
    }

    pub fn peak_bytes(_pid: u32) -> Option<u64> {
        None
    }

    pub fn reset_peak(_pid: u32) {}

    pub fn available_memory() -> Option<u64> {
        // SAFETY: reads two constants of the system.
        let (pages, size) = unsafe { (libc::sysconf(libc::_SC_PHYS_PAGES), libc::sysconf(libc::_SC_PAGESIZE)) };
        Some(u64::try_from(pages).ok()? * u64::try_from(size).ok()? / 2)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
mod platform {
    use super::Usage;

    pub fn usage(_pid: u32) -> Option<Usage> {
        None
    }

    pub fn peak_bytes(_pid: u32) -> Option<u64> {
        None
    }

    pub fn reset_peak(_pid: u32) {}

    pub fn available_memory() -> Option<u64> {
        None
    }
}
