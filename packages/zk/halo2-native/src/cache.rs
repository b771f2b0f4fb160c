use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process,
};

const MAGIC: &[u8; 8] = b"W3BKEY1\n";
const HASH_BYTES: usize = 32;

/// A folder of files that can be made again, each headed by the sha256 of what follows.
///
/// Any number of processes share one: a file appears whole or not at all, and while one process makes it the others wait
/// for it.
pub struct Cache(PathBuf);

/// Something taken from the cache, or made because it was not there.
pub struct Cached<T> {
    pub value: T,
    /// Why it could not be kept: the next process makes it again.
    pub not_kept: Option<String>,
}

impl Cache {
    pub fn new(folder: PathBuf) -> Self {
        Cache(folder)
    }

    /// The file's bytes, or None when there is no such file or it is not what was written.
    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        let mut file = File::open(self.0.join(name)).ok()?;
        let (mut magic, mut hash) = ([0; MAGIC.len()], [0; HASH_BYTES]);
        file.read_exact(&mut magic).ok()?;
        file.read_exact(&mut hash).ok()?;
        let mut bytes = vec![];
        file.read_to_end(&mut bytes).ok()?;
        (magic == *MAGIC && Sha256::digest(&bytes).as_slice() == hash).then_some(bytes)
    }

    /// What `accept` makes of the file; where there is none that it accepts, what `make` makes, and its bytes are kept.
    pub fn get<T, E>(
        &self,
        name: &str,
        accept: impl Fn(&[u8]) -> Option<T>,
        make: impl FnOnce() -> Result<(T, Vec<u8>), E>,
    ) -> Result<Cached<T>, E> {
        let read = || self.read(name).and_then(|bytes| accept(&bytes));
        if let Some(value) = read() {
            return Ok(Cached { value, not_kept: None });
        }
        // Held until the end of this function, and let go by the system if this process dies. A folder that cannot be
        // written to has no lock either.
        let lock = self.lock(name);
        if lock.is_ok()
            && let Some(value) = read()
        {
            return Ok(Cached { value, not_kept: None });
        }
        let (value, bytes) = make()?;
        let kept = lock.and_then(|_lock| self.write(name, &bytes));
        let not_kept = kept.err().map(|error| format!("{}: {error}", self.0.join(name).display()));
        Ok(Cached { value, not_kept })
    }

    fn lock(&self, name: &str) -> io::Result<File> {
        fs::create_dir_all(&self.0)?;
        let lock = File::create(self.0.join(format!("{name}.lock")))?;
        lock.lock()?;
        Ok(lock)
    }

    /// Replaces a file at once, or leaves it as it was.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        let unfinished = self.0.join(format!("{name}.{}.part", process::id()));
        write_through(&unfinished, bytes).and_then(|()| fs::rename(&unfinished, self.0.join(name))).inspect_err(|_| {
            // Only room is lost when it stays.
            let _ = fs::remove_file(&unfinished);
        })
    }
}

fn write_through(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(MAGIC)?;
    file.write_all(&Sha256::digest(bytes))?;
    file.write_all(bytes)?;
    file.sync_all()
}
