use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::process::Command;

use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::proving::proof;
use crate::server::{BINARY, Folder, Server, eventually, guest, job, loaded};
use crate::wire::{DescribeRequest, Job, Limits};

async fn health(server: &Server, service: &str) -> Result<ServingStatus, Code> {
    let asked = HealthCheckRequest { service: service.into() };
    let answer = HealthClient::new(server.channel().await).check(asked).await.map_err(|status| status.code())?;
    Ok(answer.into_inner().status())
}

#[tokio::test]
async fn listens_on_loopback_too() {
    let server = Server::listening(Folder::new(), "127.0.0.1:0", &[]);
    assert!(server.client().await.describe(DescribeRequest {}).await.is_ok());
    for service in ["", "w3bstream.runtime.v1.Runtime", "vm_runtime.VmRuntime", "vm.VM"] {
        assert_eq!(health(&server, service).await, Ok(ServingStatus::Serving), "{service}");
    }
    assert_eq!(health(&server, "other").await, Err(Code::NotFound));
}

#[tokio::test]
async fn only_its_user_can_open_the_socket() {
    let server = Server::start(&[]);
    let socket = server.folder.0.join("run/socket");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&socket), mode(socket.parent().unwrap())), (0o600, 0o700));
    assert_eq!(mode(&server.folder.0.join("state")), 0o700);
}

#[tokio::test]
async fn a_socket_that_was_left_behind_is_replaced_and_one_in_use_is_not() {
    let folder = Folder::new();
    let socket = folder.0.join("socket");
    drop(UnixListener::bind(&socket).unwrap());
    let listen = format!("unix:{}", socket.display());
    let server = Server::listening(folder, &listen, &[]);
    assert!(server.client().await.describe(DescribeRequest {}).await.is_ok());
    let refused = |listen: &str| {
        let second = Command::new(BINARY).args(["serve", "--listen", listen, "--state"]).arg(&server.folder.0).output();
        let second = second.unwrap();
        assert!(!second.status.success());
        String::from_utf8(second.stderr).unwrap()
    };
    assert!(refused(&listen).contains("another server listens there"));
    let file = server.folder.0.join("file");
    fs::write(&file, "kept").unwrap();
    assert!(refused(&format!("unix:{}", file.display())).contains("no socket"));
    assert_eq!(fs::read_to_string(file).unwrap(), "kept");
}

#[tokio::test]
async fn drains_until_the_last_job_has_ended() {
    let mut server = Server::start(&[]);
    let mut client = server.client().await;
    let loops = loaded(&mut client, guest("loops")).await;
    let limits = Limits { cycles: 1 << 40, wall_ms: 2_000, ..Limits::default() };
    let asked = Job { limits: Some(limits), ..job(&loops, &["[]"]) };
    let mut events = client.prove(asked.clone()).await.unwrap().into_inner();
    events.message().await.unwrap().expect("it begins");
    server.signal(libc::SIGTERM);
    // The signal travels beside the calls.
    while health(&server, "").await != Ok(ServingStatus::NotServing) {}
    let refused = client.execute(asked).await.unwrap_err();
    assert_eq!((refused.code(), refused.message()), (Code::Unavailable, "the server is draining"));
    let ended = proof(events).await.unwrap_err();
    assert!(ended.message().contains("time limit"), "it ran to its own end: {ended:?}");
    assert!(server.ended().await.success());
    assert!(!server.folder.0.join("run/socket").exists());
}

#[tokio::test]
async fn a_drain_is_bounded() {
    let mut server = Server::start(&["--drain-ms", "100"]);
    let mut client = server.client().await;
    let loops = loaded(&mut client, guest("loops")).await;
    let limits = Limits { cycles: 1 << 40, ..Limits::default() };
    let asked = Job { limits: Some(limits), ..job(&loops, &["[]"]) };
    let mut events = client.prove(asked).await.unwrap().into_inner();
    events.message().await.unwrap().expect("it begins");
    let children = server.children();
    server.signal(libc::SIGTERM);
    assert!(server.ended().await.success());
    assert!(proof(events).await.is_err());
    let alive = |pid: &u32| fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z"));
    eventually("its processes end", || (!children.iter().any(alive)).then_some(())).await;
}

#[tokio::test]
async fn ends_with_standard_input_where_asked_to() {
    let mut server = Server::start(&["--while-stdin-open"]);
    loaded(&mut server.client().await, guest("echo")).await;
    drop(server.process.stdin.take());
    assert!(server.ended().await.success());
    assert!(server.children().is_empty());
}
