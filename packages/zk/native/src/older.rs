//! The two protocols of existing nodes. They know no task: a guest gets its first string alone.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Arc, Mutex};

use flate2::read::ZlibDecoder;
use prost::bytes::Bytes;
use serde_json::{Value, json};
use tonic::{Request, Response, Status, async_trait};

use crate::engine::Engine;
use crate::fault::{Cause, Fault};
use crate::gate::Gate;
use crate::systems;
use crate::wire::vm::vm_server::Vm;
use crate::wire::vm::{ExecuteTaskRequest, ExecuteTaskResponse, NewProjectRequest, NewProjectResponse};
use crate::wire::vm_runtime::vm_runtime_server::VmRuntime;
use crate::wire::vm_runtime::{CreateRequest, CreateResponse, ExecuteRequest, ExecuteResponse};
use crate::wire::{Job, LoadRequest, Loaded, OLDER_RECEIPT_BYTES};

/// Both older protocols.
#[derive(Clone)]
pub struct Older {
    engine: Arc<Engine>,
    gate: Arc<Gate>,
    projects: Arc<Mutex<VecDeque<Project>>>,
}

struct Project {
    id: u64,
    version: String,
    program: Program,
}

#[derive(Clone)]
struct Program {
    vm_type: &'static str,
    handle: Bytes,
}

const MOST_PROJECTS: usize = 4_096;
/// Most bytes of a program after inflation: a methods.rs writes each byte of its ELF as a number.
const INFLATED_BYTES: u64 = 48 << 20;

impl Older {
    pub fn new(engine: Arc<Engine>, gate: Arc<Gate>) -> Self {
        Self { engine, gate, projects: Arc::default() }
    }

    async fn create(&self, id: u64, version: String, program: Bytes, exp_param: String) -> Result<(), Fault> {
        let _pass = self.gate.enter()?;
        let source = recognised(program, exp_param)?;
        let vm_type = if source.vm_type == "halo2" { "halo2" } else { "risc0" };
        let Loaded { handle, .. } = self.engine.load(source).await?;
        let mut projects = self.projects.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        projects.retain(|project| project.id != id || project.version != version);
        projects.push_back(Project { id, version, program: Program { vm_type, handle } });
        if projects.len() > MOST_PROJECTS {
            projects.pop_front();
        }
        Ok(())
    }

    async fn run(&self, id: u64, version: &str, task_id: String, data: Vec<String>) -> Result<Bytes, Fault> {
        let _pass = self.gate.enter()?;
        let Program { vm_type, handle } = self.program(id, version)?;
        let inputs = if vm_type == "halo2" { circuit_input(data)? } else { vec![json!(data).to_string()] };
        let job = Job { handle, inputs, task_id, ..Job::default() };
        let proof = self.engine.prove(job, OLDER_RECEIPT_BYTES, |_| ()).await?;
        if vm_type == "risc0" {
            return Ok(systems::older_json(&proof)?.into());
        }
        let words: Vec<String> = proof.public_inputs.iter().map(prefixed).collect();
        Ok(json!({ "proof": prefixed(&proof.proof), "publicInputs": words }).to_string().into())
    }

    fn program(&self, id: u64, version: &str) -> Result<Program, Fault> {
        let projects = self.projects.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let found = projects.iter().find(|project| project.id == id && project.version == version);
        found.map(|project| project.program.clone()).ok_or_else(|| {
            let version = if version.is_empty() { String::new() } else { format!(" version {version:?}") };
            Fault::new(Cause::NotLoaded, format!("project {id}{version} was not created here"))
        })
    }
}

#[async_trait]
impl VmRuntime for Older {
    async fn create(&self, request: Request<CreateRequest>) -> Result<Response<CreateResponse>, Status> {
        let CreateRequest { project_id, content, exp_param } = request.into_inner();
        let packed = hex::decode(content.trim().trim_start_matches("0x"))
            .map_err(|why| Fault::program(format!("content is not hex: {why}")))?;
        Older::create(self, project_id, String::new(), inflated(&packed)?, exp_param).await?;
        Ok(Response::new(CreateResponse {}))
    }

    async fn execute_operator(&self, request: Request<ExecuteRequest>) -> Result<Response<ExecuteResponse>, Status> {
        let ExecuteRequest { project_id, datas } = request.into_inner();
        let task_id = format!("project {project_id}");
        Ok(Response::new(ExecuteResponse { result: self.run(project_id, "", task_id, datas).await? }))
    }
}

#[async_trait]
impl Vm for Older {
    async fn new_project(&self, request: Request<NewProjectRequest>) -> Result<Response<NewProjectResponse>, Status> {
        let NewProjectRequest { project_id, project_version, binary, metadata } = request.into_inner();
        let exp_param = String::from_utf8(metadata.into()).map_err(|_| Fault::program("metadata is not UTF-8"))?;
        // Clients differ in whether they unpack what the project file has.
        let packed = hex::decode(&binary).map_or_else(|_| binary.clone(), Bytes::from);
        let program = if packed.first() == Some(&ZLIB) { inflated(&packed)? } else { binary };
        Older::create(self, project_id, project_version, program, exp_param).await?;
        Ok(Response::new(NewProjectResponse {}))
    }

    async fn execute_task(
        &self,
        request: Request<ExecuteTaskRequest>,
    ) -> Result<Response<ExecuteTaskResponse>, Status> {
        let ExecuteTaskRequest { project_id, project_version, task_id, payloads } = request.into_inner();
        let text =
            |payload: Bytes| String::from_utf8(payload.into()).map_err(|_| Fault::program("a payload is not UTF-8"));
        let data = payloads.into_iter().map(text).collect::<Result<Vec<_>, _>>()?;
        let result = self.run(project_id, &project_version, hex::encode(task_id), data).await?;
        Ok(Response::new(ExecuteTaskResponse { result }))
    }
}

/// The first byte of a zlib stream with the usual window. No program begins with it.
const ZLIB: u8 = 0x78;

fn inflated(packed: &[u8]) -> Result<Bytes, Fault> {
    let mut program = vec![];
    let read = ZlibDecoder::new(packed).take(INFLATED_BYTES + 1).read_to_end(&mut program);
    read.map_err(|why| Fault::program(format!("the program is not zlib: {why}")))?;
    if program.len() as u64 > INFLATED_BYTES {
        return Err(Fault::limit(format!("size limit of {INFLATED_BYTES} bytes for a program")));
    }
    Ok(program.into())
}

/// What kind of program it is: older callers do not say.
fn recognised(program: Bytes, exp_param: String) -> Result<LoadRequest, Fault> {
    let names_circuit = |text: &[u8]| {
        serde_json::from_slice::<Value>(text).is_ok_and(|value| value.get("circuit").is_some_and(Value::is_string))
    };
    if names_circuit(exp_param.as_bytes()) {
        return Ok(LoadRequest { vm_type: "halo2".into(), program, exp_param });
    }
    if names_circuit(&program) {
        let exp_param = String::from_utf8_lossy(&program).into_owned();
        return Ok(LoadRequest { vm_type: "halo2".into(), program, exp_param });
    }
    if program.starts_with(b"\0asm") {
        return Err(Fault::program(
            "this is a WASM module: no runtime for those here, only for RISC Zero guests and built-in circuits",
        ));
    }
    Ok(LoadRequest { vm_type: "risc0".into(), program, exp_param })
}

/// A built-in circuit opens the task's commitment, so it needs the task.
fn circuit_input(mut data: Vec<String>) -> Result<Vec<String>, Fault> {
    let is_task = |text: &str| serde_json::from_str::<Value>(text).is_ok_and(|value| value.get("task").is_some());
    match data.as_slice() {
        [text] if is_task(text) => Ok(vec![data.remove(0)]),
        _ => Err(Fault::program(
            "a built-in circuit proves a task, which this protocol does not carry: \
             send the JSON of prove_task as the only data, or use w3bstream.runtime.v1",
        )),
    }
}

fn prefixed(bytes: &Bytes) -> String {
    format!("0x{}", hex::encode(bytes))
}
