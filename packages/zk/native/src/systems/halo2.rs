use halo2_native::{Error, Loaded as Key, Registry, Srs};
use prost::bytes::Bytes;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::sync::OnceLock;

use super::{Program, on_threads};
use crate::fault::Fault;
use crate::wire::child::{Keys, Opened, Run};
use crate::wire::{self, Execution, LoadRequest, Loaded, Progress, Proof, Verification, VerifyRequest};

pub const SYSTEM: &str = "halo2-axiom 0.5.3";

/// A built-in circuit with its keys in memory.
pub struct Circuit {
    key: Key,
    memory_bytes: u64,
}

/// What a project file's `codeExpParam` says of a built-in circuit.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub struct Named {
    pub circuit: String,
    #[serde(with = "hash")]
    pub verifying_key: [u8; 32],
}

impl Named {
    pub fn read(text: &str) -> Result<Self, Fault> {
        let example = r#"{"circuit":"weather","verifying_key":"0x…"}"#;
        serde_json::from_str(text)
            .map_err(|why| Fault::program(format!("codeExpParam names no built-in circuit, as {example} would: {why}")))
    }
}

/// The verifying key of a program's circuit.
#[derive(Clone, Debug)]
pub struct CircuitKey {
    circuit: String,
    bytes: Bytes,
}

impl CircuitKey {
    /// What a process says the key is, if it is the one that the program names.
    pub fn checked(program: &LoadRequest, opened: &Opened) -> Result<Self, Fault> {
        let Named { circuit, verifying_key } = Named::read(&program.exp_param)?;
        let bytes = opened.verifying_key.clone();
        let said = opened.loaded.as_ref().map(|loaded| loaded.verifying_key.as_ref()).unwrap_or_default();
        if said != verifying_key || Sha256::digest(&bytes).as_slice() != verifying_key {
            return Err(Fault::lost("the process opened a circuit with another verifying key than the program names"));
        }
        Ok(Self { circuit, bytes })
    }
}

impl Circuit {
    pub fn open(program: &LoadRequest, keys: &Keys) -> Result<Self, Fault> {
        let named = Named::read(&program.exp_param)?;
        let registry = registry(keys)?;
        let circuits = registry.circuits();
        let memory_bytes = circuits.iter().find(|circuit| circuit.id == named.circuit).map_or(0, |it| it.memory_bytes);
        Ok(Self { key: registry.load(&named.circuit, &named.verifying_key)?, memory_bytes })
    }
}

impl Program for Circuit {
    fn report(&self) -> Opened {
        let verifying_key = self.key.verifying_key().to_vec().into();
        let loaded = Loaded { verifying_key, ..Loaded::default() };
        Opened {
            loaded: Some(loaded),
            warning: self.key.warning().unwrap_or_default().into(),
            verifying_key: self.key.verifying_key_bytes().to_vec().into(),
        }
    }

    fn needs_no_files(&self) -> bool {
        true
    }

    fn execute(&self, run: &Run) -> Result<Execution, Fault> {
        let input = input(run)?;
        let public_inputs = words(on_threads(run.threads, || Ok(self.key.execute(input)?))?);
        Ok(Execution { public_inputs, memory_bytes: self.memory_bytes, ..Execution::default() })
    }

    fn prove(&self, run: &Run, progress: &mut (dyn FnMut(Progress) + Send)) -> Result<Proof, Fault> {
        let input = input(run)?;
        progress(Progress { phase: "proving".into(), done: 0, planned: 1 });
        let proved = on_threads(run.threads, || Ok(self.key.prove(input)?))?;
        progress(Progress { phase: "proving".into(), done: 1, planned: 1 });
        let public_inputs = words(proved.public_inputs);
        let execution = Execution { public_inputs: public_inputs.clone(), ..Execution::default() };
        Ok(Proof {
            proof: proved.proof.into(),
            public_inputs,
            verifying_key: self.key.verifying_key().to_vec().into(),
            kind: "halo2".into(),
            execution: Some(Execution { memory_bytes: self.memory_bytes, ..execution }),
            ..Proof::default()
        })
    }
}

pub fn circuits(keys: &Keys) -> Result<Vec<wire::Circuit>, Fault> {
    let described = registry(keys)?.circuits().into_iter().map(|circuit| wire::Circuit {
        id: circuit.id.into(),
        verifying_key: circuit.verifying_key.map_or_else(Vec::new, Vec::from).into(),
        capacity: circuit.capacity as u32,
        outputs: circuit.outputs.iter().map(|name| name.to_string()).collect(),
        insecure_srs: circuit.insecure_srs,
        memory_bytes: circuit.memory_bytes,
    });
    Ok(described.collect())
}

/// Most memory that a proof of a program's circuit was seen to take.
pub fn circuit_memory(program: &LoadRequest, keys: &Keys) -> Result<u64, Fault> {
    let named = Named::read(&program.exp_param)?;
    let circuits = registry(keys)?.circuits();
    Ok(circuits.iter().find(|circuit| circuit.id == named.circuit).map_or(0, |circuit| circuit.memory_bytes))
}

/// `key`: the one that the request names, where it is at hand; else the folder of keys may have it.
pub fn verify(request: &VerifyRequest, keys: &Keys, key: Option<&CircuitKey>) -> Result<Verification, Fault> {
    let word = |bytes: &Bytes, name: &str| {
        <[u8; 32]>::try_from(bytes.as_ref()).map_err(|_| Fault::program(format!("{name} has 32 bytes")))
    };
    let verifying_key = word(&request.verifying_key, "verifying_key")?;
    let inputs = request.public_inputs.iter().map(|input| word(input, "a public input"));
    let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
    let registry = registry(keys)?;
    let checked = match key {
        Some(key) => registry.verify_by(&key.circuit, &key.bytes, &request.proof, &inputs),
        None => registry.verify(&verifying_key, &request.proof, &inputs),
    };
    Ok(match checked {
        Ok(()) => Verification { holds: true, ..Verification::default() },
        Err(reason) => Verification { reason, ..Verification::default() },
    })
}

pub fn keygen(keys: &Keys, id: &str, folder: &std::path::Path) -> Result<[u8; 32], Fault> {
    Ok(registry(keys)?.keygen(id, folder)?)
}

/// A process has one configuration.
fn registry(keys: &Keys) -> Result<&'static Registry, Fault> {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    if let Some(registry) = REGISTRY.get() {
        return Ok(registry);
    }
    let srs = match keys.srs.as_str() {
        "" => Srs::InsecureTest,
        path => Srs::Ceremony { path: path.into(), sha256: hash::read(&keys.srs_sha256).map_err(Fault::lacking)? },
    };
    Ok(REGISTRY.get_or_init(|| Registry::open(&keys.folder, srs)))
}

fn input(run: &Run) -> Result<&str, Fault> {
    match run.inputs.as_slice() {
        [input] => Ok(input),
        inputs => {
            Err(Fault::program(format!("a circuit takes one input, the JSON of prove_task: {} came", inputs.len())))
        }
    }
}

fn words(words: Vec<[u8; 32]>) -> Vec<Bytes> {
    words.into_iter().map(|word| word.to_vec().into()).collect()
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Program(why) => Fault::program(why),
            Error::Lacking(why) => Fault::lacking(why),
            Error::Internal(why) => Fault::internal(why),
        }
    }
}

mod hash {
    use serde::{Deserialize, Deserializer, de::Error};

    pub fn read(text: &str) -> Result<[u8; 32], String> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        let bytes = hex::decode(digits).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        bytes.ok_or_else(|| format!("{text:?} is not a hash of 32 bytes in hex"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 32], D::Error> {
        read(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}
