use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use prost::bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::fault::{Cause, Fault};
use crate::systems::CircuitKey;
use crate::wire::{LoadRequest, Loaded};

/// A program that was checked.
pub struct Kept {
    pub source: LoadRequest,
    pub loaded: Loaded,
    /// Of a circuit.
    pub key: Option<CircuitKey>,
}

/// The programs that jobs may name, those used last first to stay.
pub struct Programs {
    most_bytes: usize,
    kept: Mutex<VecDeque<Arc<Kept>>>,
}

const MOST_PROGRAMS: usize = 4_096;

/// Names a program: sha256 over its vm_type, exp_param (each after its length, u32 big end first) and bytes.
pub fn handle(source: &LoadRequest) -> Bytes {
    let mut hash = Sha256::new();
    for text in [&source.vm_type, &source.exp_param] {
        hash.update((text.len() as u32).to_be_bytes());
        hash.update(text);
    }
    hash.update(&source.program);
    Bytes::copy_from_slice(&hash.finalize())
}

impl Programs {
    /// The one used last stays even where it is larger than `most_bytes`.
    pub fn new(most_bytes: usize) -> Self {
        Self { most_bytes, kept: Mutex::default() }
    }

    pub fn find(&self, handle: &Bytes) -> Result<Arc<Kept>, Fault> {
        let mut kept = self.lock();
        let at = kept.iter().position(|program| program.loaded.handle == *handle);
        let Some(found) = at.and_then(|at| kept.remove(at)) else {
            let name: String = hex::encode(handle).chars().take(64).collect();
            return Err(Fault::new(Cause::NotLoaded, format!("no program 0x{name} is loaded")));
        };
        kept.push_back(Arc::clone(&found));
        Ok(found)
    }

    /// The key with this hash, if a program's circuit has it.
    pub fn key(&self, verifying_key: &Bytes) -> Option<CircuitKey> {
        self.lock().iter().find(|program| program.loaded.verifying_key == *verifying_key)?.key.clone()
    }

    pub fn keep(&self, program: Kept) -> Arc<Kept> {
        let program = Arc::new(program);
        let mut kept = self.lock();
        kept.retain(|other| other.loaded.handle != program.loaded.handle);
        kept.push_back(Arc::clone(&program));
        let mut bytes: usize = kept.iter().map(|program| program.source.program.len()).sum();
        while kept.len() > 1 && (bytes > self.most_bytes || kept.len() > MOST_PROGRAMS) {
            let Some(forgotten) = kept.pop_front() else { break };
            bytes -= forgotten.source.program.len();
        }
        program
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Kept>>> {
        self.kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(text: &str, bytes: usize) -> Kept {
        let source =
            LoadRequest { vm_type: "risc0".into(), exp_param: text.into(), program: Bytes::from(vec![0; bytes]) };
        let loaded = Loaded { handle: handle(&source), ..Loaded::default() };
        Kept { source, loaded, key: None }
    }

    #[test]
    fn programs_that_differ_anywhere_have_other_names() {
        let sources = [("risc0", "a", "b"), ("risc0a", "", "b"), ("risc0", "", "ab"), ("risc0", "ab", "")];
        let mut names: Vec<_> = sources
            .map(|(vm_type, exp_param, program)| {
                handle(&LoadRequest {
                    vm_type: vm_type.into(),
                    exp_param: exp_param.into(),
                    program: Bytes::from_static(program.as_bytes()),
                })
            })
            .into();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), sources.len());
    }

    #[test]
    fn the_program_used_longest_ago_is_forgotten_first() {
        let programs = Programs::new(10);
        let [a, b, c] = ["a", "b", "c"].map(|name| program(name, 5));
        let names = [&a, &b, &c].map(|program| program.loaded.handle.clone());
        programs.keep(a);
        programs.keep(b);
        assert!(programs.find(&names[0]).is_ok());
        programs.keep(c);
        assert!(programs.find(&names[0]).is_ok());
        assert_eq!(programs.find(&names[1]).err().map(|fault| fault.cause()), Some(Cause::NotLoaded));
    }
}
