use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::fault::Fault;
use crate::serve::private_folder;

/// Gives each process a folder of its own.
pub struct Scratches {
    folder: PathBuf,
    next: AtomicU64,
}

/// A folder for what does not fit into memory, removed when dropped.
pub struct Scratch(PathBuf);

impl Scratches {
    /// Removes what servers left behind that were killed.
    pub fn in_folder(folder: PathBuf) -> Self {
        for left in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let name = left.file_name().to_string_lossy().into_owned();
            let server = name.split('-').next().and_then(|pid| pid.parse().ok());
            if server.is_some_and(|pid| !is_alive(pid)) {
                // It costs room only.
                let _ = fs::remove_dir_all(left.path());
            }
        }
        Self { folder, next: AtomicU64::new(0) }
    }

    pub fn folder(&self) -> Result<Scratch, Fault> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number}", std::process::id());
        // Where the state folder is full the machine's own may have room.
        let places = [self.folder.clone(), std::env::temp_dir().join("w3b-runtime")];
        let made = |place: &PathBuf| {
            let path = place.join(&name);
            private_folder(&path).and_then(|()| path.canonicalize())
        };
        let made = made(&places[0]).or_else(|_| made(&places[1]));
        made.map(Scratch).map_err(|why| Fault::internal(format!("no folder can be made for a process: {why}")))
    }
}

impl Scratch {
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left goes when the next server starts.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn is_alive(pid: i32) -> bool {
    // SAFETY: asks about a process and does nothing to it.
    unsafe { libc::kill(pid, 0) == 0 || io::Error::last_os_error().raw_os_error() == Some(libc::EPERM) }
}
