use std::fs::File;
use std::io::Write;
use std::os::unix::net::UnixStream;

use tonic::Code;
use tonic::transport::Channel;

use crate::proving::proof;
use crate::server::{Server, eventually, guest, job, loaded, weather, weather_task};
use crate::wire::runtime_client::RuntimeClient;
use crate::wire::{Job, Limits, LoadRequest, ProveEvent, VerifyRequest};

/// A guest that never ends, being run, and its process.
async fn looping(server: &Server, client: &mut RuntimeClient<Channel>) -> (tonic::Streaming<ProveEvent>, u32) {
    let loops = loaded(client, guest("loops")).await;
    let limits = Limits { cycles: 1 << 40, wall_ms: 60_000, ..Limits::default() };
    let mut events = client.prove(Job { limits: Some(limits), ..job(&loops, &["[]"]) }).await.unwrap().into_inner();
    events.message().await.unwrap().expect("it begins");
    let [child] = server.children()[..] else { panic!("one process") };
    (events, child)
}

async fn still_proves(client: &mut RuntimeClient<Channel>) {
    let weather = loaded(client, weather()).await;
    let asked = job(&weather, &[&weather_task()]);
    proof(client.prove(asked).await.unwrap().into_inner()).await.unwrap();
}

#[tokio::test]
async fn a_process_killed_from_outside_costs_its_task() {
    let server = Server::start(&[]);
    let mut client = server.client().await;
    let (events, child) = looping(&server, &mut client).await;
    // SAFETY: a process of the server that this test started.
    assert_eq!(unsafe { libc::kill(child as i32, libc::SIGKILL) }, 0);
    let lost = proof(events).await.unwrap_err();
    assert_eq!(lost.code(), Code::Aborted, "{lost:?}");
    assert!(lost.message().contains("killed from outside"), "{lost:?}");
    still_proves(&mut client).await;
}

#[tokio::test]
async fn garbage_from_a_process_costs_its_task() {
    let server = Server::start(&[]);
    let mut client = server.client().await;
    for garbage in [&[0xff; 64][..], &[0, 0, 0, 3, 1, 2, 3]] {
        let (events, child) = looping(&server, &mut client).await;
        let mut pipe = File::options().write(true).open(format!("/proc/{child}/fd/3")).unwrap();
        pipe.write_all(garbage).unwrap();
        let lost = proof(events).await.unwrap_err();
        assert_eq!(lost.code(), Code::Aborted, "{lost:?}");
        assert!(lost.message().contains("garbage"), "{lost:?}");
        eventually("it is killed", || server.children().is_empty().then_some(())).await;
    }
    still_proves(&mut client).await;
}

#[tokio::test]
async fn a_cancelled_call_kills_what_runs_for_it() {
    let server = Server::start(&[]);
    let mut client = server.client().await;
    let (events, _) = looping(&server, &mut client).await;
    drop(events);
    eventually("it is killed", || server.children().is_empty().then_some(())).await;
    let loops = loaded(&mut client, guest("loops")).await;
    let limits = Limits { cycles: 1 << 40, ..Limits::default() };
    let unary = Job { limits: Some(limits), ..job(&loops, &["[]"]) };
    let mut other = client.clone();
    let call = tokio::spawn(async move { other.execute(unary).await });
    eventually("it runs", || (!server.children().is_empty()).then_some(())).await;
    call.abort();
    eventually("it is killed", || server.children().is_empty().then_some(())).await;
    still_proves(&mut client).await;
}

#[tokio::test]
async fn each_limit_is_named_by_who_went_over_it() {
    let server = Server::start(&[]);
    let mut client = server.client().await;
    let loops = loaded(&mut client, guest("loops")).await;
    let endless = 1 << 40;
    for (limits, text) in [
        (Limits { wall_ms: 300, cycles: endless, ..Limits::default() }, "time limit of 300 ms"),
        (Limits { cpu_ms: 200, cycles: endless, ..Limits::default() }, "CPU time limit of 200 ms"),
        (Limits { cycles: 1_000_000, ..Limits::default() }, "cycle"),
    ] {
        let asked = Job { limits: Some(limits), ..job(&loops, &["[]"]) };
        let over = proof(client.prove(asked.clone()).await.unwrap().into_inner()).await.unwrap_err();
        assert_eq!(over.code(), Code::ResourceExhausted, "{over:?}");
        assert!(over.message().contains(text), "{over:?}");
        assert_eq!(client.execute(asked).await.unwrap_err().code(), Code::ResourceExhausted);
    }
    let weather = loaded(&mut client, weather()).await;
    let limits = Limits { memory_bytes: 8 << 20, ..Limits::default() };
    let hog = Job { limits: Some(limits), ..job(&weather, &[&weather_task()]) };
    let over = proof(client.prove(hog).await.unwrap().into_inner()).await.unwrap_err();
    assert_eq!(over.code(), Code::ResourceExhausted, "{over:?}");
    assert_eq!(over.message(), format!("memory limit of {} bytes", 8 << 20));
    still_proves(&mut client).await;
}

#[tokio::test]
async fn input_of_any_kind_is_refused_and_leaves_the_server_well() {
    let server = Server::start(&[]);
    let mut client = server.client().await;
    let large = LoadRequest { program: vec![0; 65 << 20].into(), ..guest("echo") };
    let refused = client.load(large).await.unwrap_err();
    assert!(matches!(refused.code(), Code::OutOfRange | Code::ResourceExhausted), "{refused:?}");

    let mut raw = UnixStream::connect(server.address.strip_prefix("unix:").unwrap()).unwrap();
    // The server may close while it is being written to.
    let _ = raw.write_all(&[0x55; 4096]);

    let weather = loaded(&mut client, weather()).await;
    for inputs in [&[][..], &["no JSON"], &["{}", "{}"], &[r#"{"task":{},"data":7}"#]] {
        let refused = proof(client.prove(job(&weather, inputs)).await.unwrap().into_inner()).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
    }
    for kind in ["composite", "groth16", "halo2"] {
        let garbage = VerifyRequest {
            kind: kind.into(),
            proof: vec![0xee; 300].into(),
            image_id: vec![0; 32].into(),
            journal: vec![1].into(),
            verifying_key: weather.verifying_key.clone(),
            public_inputs: vec![vec![0xff; 32].into(); 7],
        };
        let verified = client.verify(garbage).await.unwrap().into_inner();
        assert!(!verified.holds && !verified.reason.is_empty(), "{kind}");
    }
    let unknown = VerifyRequest { kind: "stark".into(), proof: vec![1].into(), ..VerifyRequest::default() };
    assert_eq!(client.verify(unknown).await.unwrap_err().code(), Code::InvalidArgument);
    still_proves(&mut client).await;
}
