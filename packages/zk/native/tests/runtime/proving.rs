use std::fs;
use std::time::{Duration, Instant};

use halo2_kit::halo2_base::halo2_proofs::SerdeFormat;
use halo2_kit::keygen::insecure_test_srs;
use tonic::{Code, Status, Streaming};

use crate::server::{Folder, Server, eventually, guest, job, loaded, weather, weather_task};
use crate::wire::prove_event::Event;
use crate::wire::{DescribeRequest, Job, Limits, LoadRequest, Progress, Proof, ProveEvent, ReceiptKind, VerifyRequest};

/// Reads a stream to its end.
pub async fn proof(mut events: Streaming<ProveEvent>) -> Result<(Vec<Progress>, Proof), Status> {
    let mut progress = vec![];
    let mut proof = None;
    while let Some(ProveEvent { event }) = events.message().await? {
        assert!(proof.is_none(), "nothing follows the proof");
        match event.unwrap() {
            Event::Progress(step) => progress.push(step),
            Event::Proof(made) => proof = Some(made),
        }
    }
    Ok((progress, proof.expect("a stream that ends well has a proof")))
}

#[tokio::test]
async fn says_what_it_proves() {
    let server = Server::start(&[]);
    let about = server.client().await.describe(DescribeRequest {}).await.unwrap().into_inner();
    assert_eq!(about.systems, ["risc0-zkvm 3.0.6", "halo2-axiom 0.5.3"]);
    let weather = about.circuits.iter().find(|circuit| circuit.id == "weather").unwrap();
    assert_eq!((weather.capacity, weather.verifying_key.len(), weather.insecure_srs), (16, 32, true));
    assert_eq!(about.compressors.is_empty(), !about.no_compressor.is_empty());
}

#[tokio::test]
async fn a_guest_runs_without_a_proof() {
    let server = Server::start(&[]);
    let mut client = server.client().await;
    let echo = loaded(&mut client, guest("echo")).await;
    assert_eq!(loaded(&mut client, guest("echo")).await, echo);
    assert_eq!(hex::encode(&echo.image_id), "34157494a21cf797b00f82c717f7798c3069a1a4cec4a0af6879935617cfb54b");
    let ran = client.execute(job(&echo, &["[\"a reading\"]"])).await.unwrap().into_inner();
    assert_eq!(ran.journal, "[\"a reading\"]");
    assert_eq!((ran.segments, ran.segment_po2, ran.total_cycles), (1, 15, 1 << 15));
    assert!(ran.user_cycles > 0 && ran.user_cycles < ran.total_cycles && ran.memory_bytes > 1 << 20);
}

#[tokio::test]
async fn programs_at_fault_are_told_why() {
    let server = Server::start(&[]);
    let mut client = server.client().await;
    let malformed = LoadRequest { program: b"\x7fELF and no more".as_slice().into(), ..guest("echo") };
    for (program, text) in [
        (malformed, "ELF"),
        (LoadRequest { program: b"no methods.rs".as_slice().into(), ..guest("echo") }, "methods.rs"),
        (LoadRequest { vm_type: "zkwasm".into(), ..guest("echo") }, "no runtime for \"zkwasm\""),
        (LoadRequest { exp_param: "{}".into(), ..weather() }, "names no built-in circuit"),
    ] {
        let refused = client.load(program).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
        assert!(refused.message().contains(text), "{refused:?}");
    }
    let panics = loaded(&mut client, guest("panics")).await;
    let refused = client.execute(job(&panics, &["[]"])).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().contains("this guest panics"), "{refused:?}");
    let unknown = Job { handle: vec![7; 32].into(), ..Job::default() };
    assert_eq!(client.execute(unknown).await.unwrap_err().code(), Code::NotFound);
    let other_key = weather().exp_param.replace("0x", "0x00").replacen("00", "0", 1);
    let refused = client.load(LoadRequest { exp_param: other_key, ..weather() }).await.unwrap_err();
    assert!(matches!(refused.code(), Code::InvalidArgument | Code::FailedPrecondition), "{refused:?}");
}

#[tokio::test]
async fn a_circuit_is_proved_and_a_warm_process_begins_at_once() {
    let server = Server::start(&[]);
    let mut client = server.client().await;
    let weather = loaded(&mut client, weather()).await;
    let asked = job(&weather, &[&weather_task()]);
    let ran = client.execute(asked.clone()).await.unwrap().into_inner();
    let child = server.children();
    let mut starts = vec![];
    for _ in 0..5 {
        let begun = Instant::now();
        let mut events = client.prove(asked.clone()).await.unwrap().into_inner();
        let first = events.message().await.unwrap().unwrap();
        assert!(matches!(first.event, Some(Event::Progress(_))));
        starts.push(begun.elapsed());
        let (_, proof) = proof(events).await.unwrap();
        assert_eq!(proof.kind, "halo2");
        assert_eq!(proof.verifying_key, weather.verifying_key);
        assert_eq!(proof.public_inputs, ran.public_inputs);
        assert_eq!(proof.public_inputs.len(), 7);
        assert!(proof.proving_ms > 0 && proof.cpu_ms > 0 && proof.peak_memory_bytes > 1 << 20, "{proof:?}");

        let claim = VerifyRequest {
            kind: proof.kind.clone(),
            proof: proof.proof.clone(),
            verifying_key: proof.verifying_key.clone(),
            public_inputs: proof.public_inputs.clone(),
            ..VerifyRequest::default()
        };
        assert!(client.verify(claim.clone()).await.unwrap().into_inner().holds);
        let mut tampered = claim;
        tampered.public_inputs.swap(0, 1);
        let other = tampered.public_inputs[0] != tampered.public_inputs[1];
        tampered.public_inputs[6] = vec![1; 32].into();
        assert!(other || !client.verify(tampered).await.unwrap().into_inner().holds);
    }
    assert_eq!(server.children(), child, "one process served them all");
    println!("warm starts: {starts:?}");
    assert!(starts.iter().min().unwrap() < &Duration::from_millis(10), "{starts:?}");
}

#[tokio::test]
async fn a_folder_of_keys_that_loses_them_costs_no_proof() {
    let folder = Folder::new();
    let (path, sha256) = ceremony(&folder);
    let listen = format!("unix:{}", folder.0.join("run/socket").display());
    let server = Server::listening(folder, &listen, &["--srs", &path, "--srs-sha256", &sha256]);
    let mut client = server.client().await;
    let weather = loaded(&mut client, weather()).await;
    for kept in fs::read_dir(server.folder.0.join("state/keys")).unwrap().flatten() {
        fs::remove_file(kept.path()).unwrap();
    }
    let about = client.describe(DescribeRequest {}).await.unwrap().into_inner();
    assert!(about.circuits.iter().all(|circuit| circuit.verifying_key.is_empty()));

    let (_, proof) = proof(client.prove(job(&weather, &[&weather_task()])).await.unwrap().into_inner()).await.unwrap();
    let claim = VerifyRequest {
        kind: proof.kind,
        proof: proof.proof,
        verifying_key: weather.verifying_key,
        public_inputs: proof.public_inputs,
        ..VerifyRequest::default()
    };
    assert!(client.verify(claim.clone()).await.unwrap().into_inner().holds);
    let mut tampered = claim;
    tampered.public_inputs[6] = vec![1; 32].into();
    assert!(!client.verify(tampered).await.unwrap().into_inner().holds);
}

/// A ceremony's file, and its sha256. Its secret is the one for tests, so that its keys have the hashes known here.
fn ceremony(folder: &Folder) -> (String, String) {
    use sha2::{Digest, Sha256};
    let mut bytes = vec![];
    insecure_test_srs(11).write_custom(&mut bytes, SerdeFormat::RawBytes).unwrap();
    let path = folder.0.join("ceremony.srs");
    fs::write(&path, &bytes).unwrap();
    (path.to_str().unwrap().into(), hex::encode(Sha256::digest(&bytes)))
}

#[tokio::test]
async fn a_process_without_work_ends() {
    let server = Server::start(&["--idle-ms", "50"]);
    let mut client = server.client().await;
    loaded(&mut client, guest("echo")).await;
    eventually("the process ends", || server.children().is_empty().then_some(())).await;
}

#[tokio::test]
async fn a_groth16_receipt_is_refused_before_proving_where_nothing_makes_it() {
    let server = Server::start(&[]);
    let mut client = server.client().await;
    let about = client.describe(DescribeRequest {}).await.unwrap().into_inner();
    let loops = loaded(&mut client, guest("loops")).await;
    let by_kind = Job { receipt: ReceiptKind::Snark.into(), ..job(&loops, &["[]"]) };
    let by_data = job(&loops, &[r#"["{\"receipt_type\":\"Snark\"}"]"#]);
    // This guest never ends: what is answered was answered before it ran, unless a compressor is there.
    for asked in [by_kind, by_data] {
        let asked = Job { limits: Some(Limits { cycles: 1_000_000, ..Limits::default() }), ..asked };
        let refused = proof(client.prove(asked).await.unwrap().into_inner()).await.unwrap_err();
        if about.compressors.is_empty() {
            assert_eq!(refused.code(), Code::FailedPrecondition, "{refused:?}");
            assert!(refused.message().contains(&about.no_compressor), "{refused:?}");
        } else {
            assert_eq!(refused.code(), Code::ResourceExhausted, "{refused:?}");
        }
    }
}

#[tokio::test]
async fn a_circuit_is_loaded_and_proved_beside_a_program_that_goes_on() {
    let server = Server::start(&["--threads", "2", "--memory", "17179869184"]);
    let mut client = server.client().await;
    let limits = Limits { cycles: 1 << 40, wall_ms: 60_000, memory_bytes: 8 << 30, threads: 1, ..Limits::default() };
    let loops = loaded(&mut client, guest("loops")).await;
    let looping = Job { limits: Some(limits), ..job(&loops, &["[]"]) };
    let mut events = client.prove(looping).await.unwrap().into_inner();
    events.message().await.unwrap().expect("it begins");
    let begun = Instant::now();
    let weather = loaded(&mut client, weather()).await;
    let asked = Job { limits: Some(limits), ..job(&weather, &[&weather_task()]) };
    proof(client.prove(asked).await.unwrap().into_inner()).await.unwrap();
    assert_eq!(server.children().len(), 2, "both processes are there after {:?}", begun.elapsed());
}
