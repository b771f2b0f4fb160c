use crate::{
    Error, Loaded, Srs,
    cache::{Cache, Cached},
    circuits::{CIRCUITS, Circuit},
    loaded::proof_of,
};
use halo2_kit::{FIXED_INPUTS, KeyFile, VerifyingKey, keygen::is_insecure_key};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// The built-in circuits with one SRS, and the folder that keeps their keys.
pub struct Registry {
    circuits: &'static [Circuit],
    cache: Cache,
    srs: Srs,
}

/// What a project author and a node want to know of a circuit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircuitInfo {
    pub id: &'static str,
    /// The sha256 of its verifying key. None where its key with this SRS was not made yet.
    pub verifying_key: Option<[u8; 32]>,
    /// Most readings of a task.
    pub capacity: usize,
    pub outputs: &'static [&'static str],
    /// Whether anyone could forge its proofs: the SRS is the one for tests, or a file that, once the key is made, shows
    /// its secret.
    pub insecure_srs: bool,
    /// Most memory that a proof of it was seen to take, in bytes.
    pub memory_bytes: u64,
}

impl Registry {
    /// The folder is made when something is first kept in it.
    pub fn open(folder: impl Into<PathBuf>, srs: Srs) -> Self {
        Registry { circuits: CIRCUITS, cache: Cache::new(folder.into()), srs }
    }

    pub fn circuits(&self) -> Vec<CircuitInfo> {
        let info = |circuit: &Circuit| {
            let known = self.known_key(circuit);
            CircuitInfo {
                id: circuit.id,
                verifying_key: known.as_deref().map(sha256),
                capacity: circuit.operations.capacity().unwrap_or(0),
                outputs: circuit.operations.outputs(),
                insecure_srs: self.srs == Srs::InsecureTest || known.is_some_and(|key| is_insecure_key(&key)),
                memory_bytes: circuit.memory_bytes,
            }
        };
        self.circuits.iter().map(info).collect()
    }

    /// Whether a project's circuit is here, without its key.
    ///
    /// A circuit whose key with this SRS was not made yet passes; [`Registry::load`] makes it and looks again.
    /// # Errors
    /// [`Error::Lacking`], naming the circuits and keys there are.
    pub fn check(&self, id: &str, verifying_key: &[u8; 32]) -> Result<(), Error> {
        let circuit = self.circuit(id)?;
        let of_ceremony = sha256(circuit.built_key) == *verifying_key && !is_insecure_key(circuit.built_key);
        if of_ceremony && self.srs == Srs::InsecureTest {
            let key = hex::encode(verifying_key);
            return Err(Error::Lacking(format!(
                "{id} with verifying key 0x{key} was made with a ceremony's SRS, and this runtime was started without one"
            )));
        }
        match self.known_key(circuit) {
            Some(bytes) if sha256(&bytes) != *verifying_key => Err(self.unknown(id, verifying_key)),
            _ => Ok(()),
        }
    }

    /// Reads a circuit's proving key and SRS into memory; makes them first where the folder has none or the file is
    /// spoilt. A folder that cannot be written to costs only that: see [`Loaded::warning`].
    /// # Errors
    /// [`Error::Lacking`] when there is no such circuit, or none with this verifying key and SRS.
    pub fn load(&self, id: &str, verifying_key: &[u8; 32]) -> Result<Loaded, Error> {
        self.check(id, verifying_key)?;
        let circuit = self.circuit(id)?;
        let Cached { value: (key, bytes), not_kept } = self.key(circuit)?;
        let hash = sha256(&bytes);
        if hash != *verifying_key {
            return Err(self.unknown(id, verifying_key));
        }
        let verifying_key = circuit.operations.verifying_key(&bytes)?;
        Ok(Loaded {
            circuit,
            key,
            verifying_key,
            bytes,
            hash,
            warning: not_kept.map(|why| format!("key not kept: {why}")),
        })
    }

    /// Verifies a proof of a built-in circuit.
    /// # Errors
    /// Why it does not hold, or that there is no such verifying key here.
    pub fn verify(&self, verifying_key: &[u8; 32], proof: &[u8], public_inputs: &[[u8; 32]]) -> Result<(), String> {
        let named = |circuit: &'static Circuit| {
            self.known_key(circuit).filter(|bytes| sha256(bytes) == *verifying_key).map(|bytes| (circuit.id, bytes))
        };
        let (id, bytes) =
            self.circuits.iter().find_map(named).ok_or_else(|| self.unknown("any", verifying_key).to_string())?;
        self.verify_by(id, &bytes, proof, public_inputs)
    }

    /// Verifies by a verifying key's bytes, which the caller has checked by their hash: what [`Loaded`] has, wherever the
    /// folder keeps nothing.
    /// # Errors
    /// Why it does not hold.
    pub fn verify_by(
        &self,
        id: &str,
        verifying_key: &[u8],
        proof: &[u8],
        public_inputs: &[[u8; 32]],
    ) -> Result<(), String> {
        let circuit = self.circuit(id).map_err(|error| error.to_string())?;
        let expected = FIXED_INPUTS + circuit.operations.outputs().len();
        if public_inputs.len() != expected {
            return Err(format!("{} public inputs, {} has {expected}", public_inputs.len(), circuit.id));
        }
        let proof = proof_of(proof, public_inputs)?;
        let key = circuit.operations.verifying_key(verifying_key).map_err(|error| error.to_string())?;
        if key.holds(&proof) { Ok(()) } else { Err("the proof does not hold".into()) }
    }

    /// Writes a circuit's `proving.key`, `verifying.key`, `Verifier.sol` and `circuit.json` into a folder, and keeps the
    /// key.
    /// # Returns
    /// The sha256 of the verifying key, by which a project file names the circuit.
    pub fn keygen(&self, id: &str, folder: &Path) -> Result<[u8; 32], Error> {
        let circuit = self.circuit(id)?;
        let key = circuit.operations.write_artifacts(folder, &self.srs)?;
        let verifying_key = VerifyingKey::encode(&key);
        // It lies in the folder whether or not it can be kept here too.
        let _ = self.cache.write(&self.name(circuit, "vk"), &verifying_key);
        let _ = self.cache.write(&self.name(circuit, "key"), &key.encode());
        Ok(sha256(&verifying_key))
    }

    fn circuit(&self, id: &str) -> Result<&'static Circuit, Error> {
        self.circuits.iter().find(|circuit| circuit.id == id).ok_or_else(|| {
            let ids: Vec<_> = self.circuits.iter().map(|circuit| circuit.id).collect();
            Error::Lacking(format!("no built-in circuit {id}; there are: {}", ids.join(", ")))
        })
    }

    fn unknown(&self, id: &str, verifying_key: &[u8; 32]) -> Error {
        let known: Vec<_> = self
            .circuits()
            .iter()
            .map(|circuit| match circuit.verifying_key {
                Some(hash) => format!("{} 0x{}", circuit.id, hex::encode(hash)),
                None => format!("{} (its key was not made yet)", circuit.id),
            })
            .collect();
        let srs = match &self.srs {
            Srs::InsecureTest => "the insecure SRS for tests".into(),
            Srs::Ceremony { sha256, .. } => format!("the SRS with sha256 0x{}", hex::encode(sha256)),
        };
        let wanted = hex::encode(verifying_key);
        Error::Lacking(format!(
            "no circuit {id} with verifying key 0x{wanted} here; with {srs} there are: {}",
            known.join(", ")
        ))
    }

    /// The bytes of the verifying key, where it is known without making it.
    fn known_key(&self, circuit: &Circuit) -> Option<Vec<u8>> {
        match self.srs {
            Srs::InsecureTest if is_insecure_key(circuit.built_key) => Some(circuit.built_key.to_vec()),
            _ => self.cache.read(&self.name(circuit, "vk")),
        }
    }

    /// The circuit's key and its verifying key's bytes.
    fn key(&self, circuit: &'static Circuit) -> Result<Cached<(KeyFile, Vec<u8>)>, Error> {
        let known = self.known_key(circuit);
        let accept = |bytes: &[u8]| {
            let key = circuit.operations.decode(bytes).ok()?;
            let verifying_key = VerifyingKey::encode(&key);
            let expected = known.as_ref().is_none_or(|known| *known == verifying_key);
            expected.then_some((key, verifying_key))
        };
        let make = || {
            let key = circuit.operations.generate(&self.srs)?;
            let (bytes, verifying_key) = (key.encode(), VerifyingKey::encode(&key));
            Ok::<_, Error>(((key, verifying_key), bytes))
        };
        let mut cached = self.cache.get(&self.name(circuit, "key"), accept, make)?;
        if known.is_none()
            && let Err(error) = self.cache.write(&self.name(circuit, "vk"), &cached.value.1)
        {
            cached.not_kept.get_or_insert_with(|| error.to_string());
        }
        Ok(cached)
    }

    /// A file's name: it tells the circuit, whose verifying key as it was built stands for its whole layout, and the SRS.
    fn name(&self, circuit: &Circuit, kind: &str) -> String {
        let mut hasher = Sha256::new_with_prefix(circuit.built_key);
        if let Srs::Ceremony { sha256, .. } = &self.srs {
            hasher.update(sha256);
        }
        format!("{}-{}.{kind}", circuit.id, hex::encode(&hasher.finalize()[..16]))
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2_kit::{
        halo2_base::halo2_proofs::{SerdeFormat, halo2curves::bn256::Bn256, poly::kzg::commitment::ParamsKZG},
        keygen::insecure_test_srs,
    };
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    fn file_of(srs: &ParamsKZG<Bn256>, folder: &Path) -> Srs {
        let mut bytes = vec![];
        srs.write_custom(&mut bytes, SerdeFormat::RawBytes).unwrap();
        let path = folder.join(hex::encode(sha256(&bytes)));
        std::fs::write(&path, &bytes).unwrap();
        Srs::Ceremony { path, sha256: sha256(&bytes) }
    }

    /// The first circuit, as it is where its example was built with this SRS, and its verifying key's hash.
    fn built_with(srs: &Srs) -> (&'static [Circuit], [u8; 32]) {
        let Circuit { id, operations, memory_bytes, .. } = CIRCUITS[0];
        let built_key: &[u8] = VerifyingKey::encode(&operations.generate(srs).unwrap()).leak();
        (vec![Circuit { id, built_key, memory_bytes, operations }].leak(), sha256(built_key))
    }

    #[test]
    fn a_key_that_was_built_with_a_ceremony_is_none_of_the_srs_for_tests() {
        let folder = tempfile::tempdir().unwrap();
        let ceremony = file_of(&ParamsKZG::setup(11, ChaCha20Rng::from_seed([9; 32])), folder.path());
        let (circuits, ours) = built_with(&ceremony);
        let open = |srs| Registry { circuits, cache: Cache::new(folder.path().join("keys")), srs };

        let tests = open(Srs::InsecureTest);
        assert_eq!((tests.circuits()[0].verifying_key, tests.circuits()[0].insecure_srs), (None, true));
        let Err(Error::Lacking(why)) = tests.load("weather", &ours) else { panic!() };
        assert!(why.contains("made with a ceremony's SRS"), "{why}");
        assert!(!folder.path().join("keys").exists(), "no key is made for it");
        let for_tests = sha256(CIRCUITS[0].built_key);
        tests.load("weather", &for_tests).unwrap();
        assert_eq!(tests.circuits()[0].verifying_key, Some(for_tests));

        let registry = open(ceremony);
        registry.load("weather", &ours).unwrap();
        assert_eq!((registry.circuits()[0].verifying_key, registry.circuits()[0].insecure_srs), (Some(ours), false));
    }

    #[test]
    fn a_ceremony_with_the_secret_for_tests_is_told_whatever_was_built() {
        let folder = tempfile::tempdir().unwrap();
        let ceremony = file_of(&ParamsKZG::setup(11, ChaCha20Rng::from_seed([9; 32])), folder.path());
        let (circuits, _) = built_with(&ceremony);
        let srs = file_of(&insecure_test_srs(11), folder.path());
        let registry = Registry { circuits, cache: Cache::new(folder.path().join("keys")), srs };
        registry.load("weather", &sha256(CIRCUITS[0].built_key)).unwrap();
        assert!(registry.circuits()[0].insecure_srs);
    }
}
