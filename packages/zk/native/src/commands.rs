use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use prost::bytes::Bytes;
use serde_json::{Value, json};

use crate::arguments::{Arguments, UsageError};
use crate::child::{self, Reach, Role, Start};
use crate::engine::{Engine, Settings};
use crate::pool::Capacity;
use crate::serve::{Listen, Serving, serve};
use crate::systems;
use crate::usage::available_memory;
use crate::wire::child::Keys;
use crate::wire::{Execution, Job, Limits, LoadRequest, Proof, RECEIPT_BYTES, ReceiptKind, VerifyRequest};

/// Runs a command to its end.
pub fn run(name: &str, mut line: Arguments) -> Result<ExitCode> {
    match name {
        "serve" => serve_command(line)?,
        "child" => child_command(line)?,
        "describe" => describe(line)?,
        "image-id" => image_id(line)?,
        "execute" => execute(line)?,
        "prove" => prove(line)?,
        "verify" => return verify(line),
        "keygen" => keygen(line)?,
        "bench" => bench(line)?,
        "help" | "--help" | "-h" => {
            println!("{}", usage(&line.word("COMMAND").unwrap_or_default()));
        }
        "--version" | "-V" => println!("w3b-runtime {}", env!("CARGO_PKG_VERSION")),
        "" => return Err(UsageError("a command is missing".into()).into()),
        other => return Err(UsageError(format!("there is no command {other:?}")).into()),
    }
    Ok(ExitCode::SUCCESS)
}

const MACHINE: &str =
    "  --state DIR           keeps keys and begun compressions (default: ~/.cache/w3bstream/native/state)
  --memory BYTES        memory for all jobs together (default: what is free, less an eighth)
  --threads N           threads for all jobs together (default: all cores)
  --compressor URL      a service that makes Groth16 receipts; its key in W3B_COMPRESSOR_KEY
  --srs FILE            a ceremony's SRS, with --srs-sha256 HEX (default: the insecure one for tests)
  --network-wall        run no program where nothing keeps it from the network";

/// How a command is written; of an unknown one, all of them.
pub fn usage(name: &str) -> String {
    let program = "  --input TEXT          what the program reads, string by string; repeatable
  --input-file FILE     the same from a file, behind those
  --exp-param JSON      codeExpParam of the project file; for a circuit {\"circuit\":\"weather\",\"verifying_key\":\"0x…\"}";
    match name {
        "serve" => format!(
            "w3b-runtime serve --listen unix:/path|127.0.0.1:PORT [options]\n\n\
             Serves w3bstream.runtime.v1, vm_runtime.VmRuntime, vm.VM and grpc.health.v1. SIGTERM drains.\n\n{MACHINE}\n  \
             --idle-ms N           end warm processes that waited so long for a job (default: 60000)\n  \
             --drain-ms N          time for running jobs after SIGTERM (default: 30000)\n  \
             --while-stdin-open    end when standard input does"
        ),
        "describe" => {
            format!("w3b-runtime describe [options]\n\nPrints what this runtime proves, as JSON.\n\n{MACHINE}")
        }
        "image-id" => "w3b-runtime image-id FILE [--exp-param JSON]\n\n\
             Prints the image id of a guest: an ELF, a program binary or a methods.rs."
            .into(),
        "execute" => format!(
            "w3b-runtime execute [FILE] [--input TEXT…] [options]\n\nRuns without proving; prints JSON.\n\n{program}\n  --cycles N            most cycles\n{MACHINE}"
        ),
        "prove" => format!(
            "w3b-runtime prove [FILE] --out FILE [--input TEXT…] [options]\n\nWrites the proof, and prints what it shows as JSON.\n\n{program}\n  \
             --receipt stark|snark composite, or Groth16 by a compressor (default: as the data asks)\n  --cycles N            most cycles\n{MACHINE}"
        ),
        "verify" => "w3b-runtime verify PROOF --kind composite|groth16|halo2 [options]\n\n\
             Exits with 0 where the proof holds, with 1 where not.\n\n  \
             --image-id HEX        of the guest\n  \
             --journal HEX         what it committed; Groth16 needs it\n  \
             --verifying-key HEX   sha256 of the circuit's\n  \
             --public-input HEX    of a circuit, in order; repeatable\n  \
             --srs FILE, --srs-sha256 HEX, --state DIR as for serve"
            .into(),
        "keygen" => "w3b-runtime keygen CIRCUIT FOLDER [--srs FILE --srs-sha256 HEX] [--state DIR]\n\n\
             Writes a circuit's keys and its Solidity verifier, and prints the hash that names the key."
            .into(),
        "bench" => "w3b-runtime bench [--po2 N] [--threads N]\n\n\
             Proves one segment of 2^N cycles (default 16) and prints the speed as JSON."
            .into(),
        _ => "w3b-runtime COMMAND …\n\n  \
             serve       serve gRPC on this machine\n  \
             describe    what this runtime proves\n  \
             image-id    the image id of a RISC Zero guest\n  \
             execute     run a program without proving\n  \
             prove       prove\n  \
             verify      check a proof\n  \
             keygen      make a built-in circuit's keys\n  \
             bench       measure RISC Zero's speed here\n  \
             help COMMAND"
            .into(),
    }
}

fn settings(line: &mut Arguments) -> Result<Settings> {
    let state = state(line)?;
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32);
    let free = available_memory();
    let memory_bytes = line.number("--memory")?.unwrap_or(free - free / 8);
    let threads: u32 = line.number("--threads")?.unwrap_or(cores);
    let idle = Duration::from_millis(line.number("--idle-ms")?.unwrap_or(60_000));
    if memory_bytes == 0 || threads == 0 {
        return Err(UsageError("--memory and --threads are at least 1".into()).into());
    }
    Ok(Settings {
        keys: keys(line, &state)?,
        state,
        capacity: Capacity { memory_bytes, threads, idle },
        compressor: line.text("--compressor")?,
        network_wall: line.flag("--network-wall"),
    })
}

fn state(line: &mut Arguments) -> Result<PathBuf> {
    let given = line.path("--state")?;
    let cache = || {
        let xdg = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        xdg.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))
    };
    let state = given.or_else(|| Some(cache()?.join("w3bstream/native/state")));
    let state = state.ok_or_else(|| UsageError("--state DIR is needed where there is no HOME".into()))?;
    std::path::absolute(&state).with_context(|| state.display().to_string())
}

fn keys(line: &mut Arguments, state: &Path) -> Result<Keys> {
    let (srs, srs_sha256) = (line.path("--srs")?, line.text("--srs-sha256")?);
    let folder = text(&state.join("keys"))?;
    match (srs, srs_sha256) {
        (None, None) => Ok(Keys { folder, ..Keys::default() }),
        (Some(srs), Some(srs_sha256)) => {
            let srs = srs.canonicalize().with_context(|| format!("--srs {}", srs.display()))?;
            Ok(Keys { folder, srs: text(&srs)?, srs_sha256 })
        }
        _ => Err(UsageError("--srs and --srs-sha256 go together".into()).into()),
    }
}

fn text(path: &Path) -> Result<String> {
    path.to_str().map(String::from).with_context(|| format!("{} is not UTF-8", path.display()))
}

fn serve_command(mut line: Arguments) -> Result<()> {
    let listen = line.text("--listen")?.ok_or_else(|| UsageError("--listen is missing".into()))?;
    let serving = Serving {
        listen: Listen::read(&listen).map_err(UsageError)?,
        drain: Duration::from_millis(line.number("--drain-ms")?.unwrap_or(30_000)),
        while_stdin_open: line.flag("--while-stdin-open"),
        settings: settings(&mut line)?,
    };
    line.end()?;
    let runtime = runtime()?;
    let served = runtime.block_on(serve(serving));
    // What reads standard input cannot be interrupted.
    runtime.shutdown_background();
    served
}

fn child_command(mut line: Arguments) -> Result<()> {
    let own = line.texts("--own")?.into_iter().map(PathBuf::from).collect();
    let read = line.texts("--read")?.into_iter().map(PathBuf::from).collect();
    let network_wall = line.flag("--network-wall");
    let role = line.word("ROLE")?;
    let role = Role::named(&role).ok_or_else(|| UsageError(format!("no role {role:?}")))?;
    let parent = line.word("PARENT")?.parse().map_err(|_| UsageError("PARENT is a process id".into()))?;
    line.end()?;
    let reach = Reach { own, read, programs: role == Role::Compressor };
    Ok(child::run(Start { parent, reach, network_wall })?)
}

fn describe(mut line: Arguments) -> Result<()> {
    let settings = settings(&mut line)?;
    line.end()?;
    let about = Engine::new(settings)?.describe()?;
    let circuits = about.circuits.iter().map(|circuit| {
        json!({
            "id": circuit.id,
            "verifyingKey": if circuit.verifying_key.is_empty() { Value::Null } else { hex(&circuit.verifying_key) },
            "capacity": circuit.capacity,
            "outputs": circuit.outputs,
            "insecureSrs": circuit.insecure_srs,
            "memoryBytes": circuit.memory_bytes,
        })
    });
    print(&json!({
        "version": about.version,
        "systems": about.systems,
        "circuits": circuits.collect::<Vec<_>>(),
        "compressors": about.compressors,
        "noCompressor": about.no_compressor,
        "accelerators": about.accelerators,
    }));
    Ok(())
}

fn image_id(mut line: Arguments) -> Result<()> {
    let exp_param = line.text("--exp-param")?.unwrap_or_default();
    let file = line.word("FILE")?;
    line.end()?;
    let source = LoadRequest { vm_type: "risc0".into(), program: read(&file)?, exp_param };
    println!("0x{}", hex::encode(systems::image_id_of(&source)?));
    Ok(())
}

/// A program and its inputs, as `execute` and `prove` take them.
struct Asked {
    settings: Settings,
    source: LoadRequest,
    job: Job,
}

fn asked(line: &mut Arguments) -> Result<Asked> {
    let settings = settings(line)?;
    let exp_param = line.text("--exp-param")?.unwrap_or_default();
    let mut inputs = line.texts("--input")?;
    for file in line.texts("--input-file")? {
        inputs.push(fs::read_to_string(&file).with_context(|| file.clone())?);
    }
    let cycles = line.number("--cycles")?.unwrap_or_default();
    let circuit = serde_json::from_str::<Value>(&exp_param).is_ok_and(|value| value.get("circuit").is_some());
    let (vm_type, program) = if circuit { ("halo2", Bytes::new()) } else { ("risc0", read(&line.word("FILE")?)?) };
    line.end()?;
    let limits = Limits { cycles, ..Limits::default() };
    Ok(Asked {
        settings,
        source: LoadRequest { vm_type: vm_type.into(), program, exp_param },
        job: Job { inputs, limits: Some(limits), ..Job::default() },
    })
}

fn execute(mut line: Arguments) -> Result<()> {
    let Asked { settings, source, job } = asked(&mut line)?;
    let ran = runtime()?.block_on(async {
        let engine = Engine::new(settings)?;
        let handle = engine.load(source).await?.handle;
        engine.execute(Job { handle, ..job }).await
    })?;
    print(&shown(&ran));
    Ok(())
}

fn prove(mut line: Arguments) -> Result<()> {
    let out = line.path("--out")?.ok_or_else(|| UsageError("--out is missing".into()))?;
    let receipt = match line.text("--receipt")?.as_deref() {
        None => ReceiptKind::AsAsked,
        Some("stark") => ReceiptKind::Stark,
        Some("snark") => ReceiptKind::Snark,
        Some(other) => return Err(UsageError(format!("--receipt is stark or snark, not {other:?}")).into()),
    };
    let Asked { settings, source, job } = asked(&mut line)?;
    let proof = runtime()?.block_on(async {
        let engine = Engine::new(settings)?;
        let handle = engine.load(source).await?.handle;
        let job = Job { handle, receipt: receipt.into(), ..job };
        engine.prove(job, RECEIPT_BYTES, |step| eprintln!("{} {}/{}", step.phase, step.done, step.planned)).await
    })?;
    fs::write(&out, &proof.proof).with_context(|| out.display().to_string())?;
    print(&shown_proof(&proof));
    Ok(())
}

fn verify(mut line: Arguments) -> Result<ExitCode> {
    let state = state(&mut line)?;
    let keys = keys(&mut line, &state)?;
    let request = VerifyRequest {
        kind: line.text("--kind")?.ok_or_else(|| UsageError("--kind is missing".into()))?,
        image_id: unhex(line.text("--image-id")?, "--image-id")?,
        journal: unhex(line.text("--journal")?, "--journal")?,
        verifying_key: unhex(line.text("--verifying-key")?, "--verifying-key")?,
        public_inputs: line
            .texts("--public-input")?
            .into_iter()
            .map(|input| unhex(Some(input), "--public-input"))
            .collect::<Result<_, _>>()?,
        proof: read(&line.word("PROOF")?)?,
    };
    line.end()?;
    let checked = systems::verify(&request, &keys, None)?;
    if !checked.holds {
        println!("does not hold: {}", checked.reason);
        return Ok(ExitCode::FAILURE);
    }
    println!("holds");
    if request.kind == "composite" {
        println!("journal 0x{}", hex::encode(&checked.journal));
    }
    Ok(ExitCode::SUCCESS)
}

fn keygen(mut line: Arguments) -> Result<()> {
    let state = state(&mut line)?;
    let keys = keys(&mut line, &state)?;
    let (circuit, folder) = (line.word("CIRCUIT")?, line.word("FOLDER")?);
    line.end()?;
    fs::create_dir_all(&folder).with_context(|| folder.clone())?;
    println!("0x{}", hex::encode(systems::keygen(&keys, &circuit, Path::new(&folder))?));
    Ok(())
}

fn bench(mut line: Arguments) -> Result<()> {
    let po2 = line.number("--po2")?.unwrap_or(16);
    let threads = line.number("--threads")?.unwrap_or(0);
    line.end()?;
    print(&systems::bench(po2, threads)?);
    Ok(())
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

fn read(file: &str) -> Result<Bytes> {
    Ok(fs::read(file).with_context(|| file.to_string())?.into())
}

fn unhex(text: Option<String>, name: &str) -> Result<Bytes, UsageError> {
    let text = text.unwrap_or_default();
    let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(&text));
    bytes.map(Bytes::from).map_err(|_| UsageError(format!("{name} takes hex, not {text:?}")))
}

fn shown(ran: &Execution) -> Value {
    json!({
        "userCycles": ran.user_cycles,
        "totalCycles": ran.total_cycles,
        "segments": ran.segments,
        "segmentPo2": ran.segment_po2,
        "journal": hex(&ran.journal),
        "publicInputs": ran.public_inputs.iter().map(hex).collect::<Vec<_>>(),
        "wallMs": ran.wall_ms,
        "memoryBytes": ran.memory_bytes,
    })
}

fn shown_proof(proof: &Proof) -> Value {
    json!({
        "kind": proof.kind,
        "imageId": hex(&proof.image_id),
        "verifyingKey": hex(&proof.verifying_key),
        "journal": hex(&proof.journal),
        "publicInputs": proof.public_inputs.iter().map(hex).collect::<Vec<_>>(),
        "proofBytes": proof.proof.len(),
        "execution": shown(&proof.execution.clone().unwrap_or_default()),
        "provingMs": proof.proving_ms,
        "cpuMs": proof.cpu_ms,
        "peakMemoryBytes": proof.peak_memory_bytes,
    })
}

fn hex(bytes: &Bytes) -> Value {
    format!("0x{}", hex::encode(bytes)).into()
}

fn print(value: &Value) {
    println!("{value:#}");
}
