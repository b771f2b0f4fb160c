use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use prost::Message;
use sha2::{Digest, Sha256};

use crate::serve::private_folder;
use crate::wire::{Job, Proof};

/// Composite receipts whose compression was begun: the same job, asked for again, goes on with the same receipt, by which
/// a compressor knows what it was asked.
pub struct Begun(PathBuf);

const KEPT: Duration = Duration::from_secs(24 * 3_600);

impl Begun {
    pub fn in_folder(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Of no use before it was verified: a file is what was written to it, by whoever could.
    pub fn find(&self, job: &Job) -> Option<Proof> {
        Proof::decode(fs::read(self.path(job)).ok()?.as_slice()).ok()
    }

    /// Keeps a receipt, and forgets old ones. Where the disk is full the job goes on, and begins again when it is cut off.
    pub fn keep(&self, job: &Job, proof: &Proof) {
        self.forget_old();
        let path = self.path(job);
        let unfinished = path.with_extension(format!("{}.part", std::process::id()));
        let write = || {
            private_folder(&self.0)?;
            fs::write(&unfinished, proof.encode_to_vec())?;
            fs::rename(&unfinished, &path)
        };
        if let Err(why) = write() {
            eprintln!("a receipt was not kept for its compression: {why}");
            // Its room is wanted, and it is not there at all where that was refused.
            let _ = fs::remove_file(&unfinished);
        }
    }

    fn path(&self, job: &Job) -> PathBuf {
        let mut hash = Sha256::new_with_prefix(&job.handle);
        for text in job.inputs.iter().chain([&job.task_id]) {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        self.0.join(hex::encode(hash.finalize()))
    }

    fn forget_old(&self) {
        let is_old = |path: &Path| {
            let written = path.metadata().and_then(|about| about.modified()).ok();
            written.and_then(|at| SystemTime::now().duration_since(at).ok()).is_some_and(|age| age > KEPT)
        };
        let files = fs::read_dir(&self.0).into_iter().flatten().flatten().map(|file| file.path());
        for path in files.filter(|path| is_old(path)) {
            // It costs room only.
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_finds_the_receipt_that_was_kept_for_it() {
        let folder = std::env::temp_dir().join(format!("w3b-begun-{}", std::process::id()));
        let begun = Begun::in_folder(folder.clone());
        let job = Job { inputs: vec!["a".into()], task_id: "7".into(), ..Job::default() };
        let other = Job { inputs: vec!["a7".into()], ..Job::default() };
        let proof = Proof { proof: vec![1, 2].into(), ..Proof::default() };
        begun.keep(&job, &proof);
        assert_eq!(begun.find(&job), Some(proof));
        assert_eq!(begun.find(&other), None);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn jobs_that_end_together_keep_their_own_receipts() {
        let folder = std::env::temp_dir().join(format!("w3b-begun-together-{}", std::process::id()));
        let begun = Begun::in_folder(folder.clone());
        std::thread::scope(|scope| {
            for number in 0..8 {
                let begun = &begun;
                scope.spawn(move || {
                    let job = Job { task_id: number.to_string(), ..Job::default() };
                    for _ in 0..20 {
                        let proof = Proof { proof: vec![number; 1 << 20].into(), ..Proof::default() };
                        begun.keep(&job, &proof);
                        assert!(begun.find(&job) == Some(proof), "job {number}");
                    }
                });
            }
        });
        fs::remove_dir_all(folder).unwrap();
    }
}
