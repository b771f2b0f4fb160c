use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use risc0_prover::{Groth16, RemoteCompressor, RemoteOptions, RunError, compress_local, local_compressor};
use risc0_zkvm::{
    FakeReceipt, Groth16Receipt, Groth16ReceiptVerifierParameters, InnerReceipt, Receipt, ReceiptClaim, sha,
};
use serde_json::json;
use tempfile::TempDir;

use crate::proofs::published;
use crate::server::{Reply, Request, Server, json};

/// What is compressed: the client looks at its hash alone.
const RECEIPT: &[u8] = b"a composite receipt";

/// The published proof as a compressor gives it: a receipt in bincode.
fn groth16_receipt() -> Vec<u8> {
    let (seal, journal, id) = published();
    let parameters = risc0_binfmt::Digestible::digest::<sha::Impl>(&Groth16ReceiptVerifierParameters::default());
    let inner = Groth16Receipt::new(seal[4..].to_vec(), ReceiptClaim::ok(id, journal.clone()).into(), parameters);
    bincode::serialize(&Receipt::new(InnerReceipt::Groth16(inner), journal)).unwrap()
}

/// The API as it should be: the compression runs at the first look and has ended at the second.
fn well(looks: &AtomicUsize) -> impl Fn(&Request, &str) -> Reply {
    move |request, url| match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/receipts/upload") => json(json!({ "url": format!("{url}/receipts/upload/r-1"), "uuid": "r-1" })),
        ("PUT", "/receipts/upload/r-1") => Reply::Status(200),
        ("POST", "/snark/create") => json(json!({ "uuid": "s-1" })),
        ("GET", "/snark/status/s-1") if looks.fetch_add(1, Ordering::SeqCst) == 0 => {
            json(json!({ "status": "RUNNING", "output": null, "error_msg": null }))
        }
        ("GET", "/snark/status/s-1") => {
            json(json!({ "status": "SUCCEEDED", "output": format!("{url}/receipts/groth16/receipt/s-1") }))
        }
        ("GET", "/receipts/groth16/receipt/s-1") => Reply::Bytes(groth16_receipt()),
        _ => Reply::Status(404),
    }
}

/// A server of that API, but for what `instead` answers.
fn server(instead: impl Fn(&Request, &str) -> Option<Reply> + Send + Sync + 'static) -> Server {
    let looks = AtomicUsize::new(0);
    Server::start(move |request, url| instead(request, url).unwrap_or_else(|| well(&looks)(request, url)))
}

fn options(url: &str, folder: &TempDir) -> RemoteOptions {
    RemoteOptions {
        timeout: Duration::from_secs(60),
        request_timeout: Duration::from_secs(20),
        poll: Duration::from_millis(5),
        attempts: 3,
        backoff: Duration::from_millis(5),
        ..RemoteOptions::new(url, Some("secret-key".into()), folder.path())
    }
}

fn compress_with(options: RemoteOptions) -> Result<Groth16, RunError> {
    let (_, journal, id) = published();
    RemoteCompressor::new(options)?.compress("task-1", RECEIPT, &id, &journal, &|| false)
}

fn compress(server: &Server, folder: &TempDir) -> Result<Groth16, RunError> {
    compress_with(options(&server.url(), folder))
}

fn failure(server: &Server) -> String {
    compress(server, &TempDir::new().unwrap()).unwrap_err().to_string()
}

#[test]
fn a_receipt_is_uploaded_compressed_waited_for_and_verified() {
    let (folder, server) = (TempDir::new().unwrap(), server(|_, _| None));
    let (seal, journal, _) = published();
    assert_eq!(compress(&server, &folder).unwrap(), Groth16 { seal, journal });
    let expected = [
        "GET /receipts/upload",
        "PUT /receipts/upload/r-1",
        "POST /snark/create",
        "GET /snark/status/s-1",
        "GET /snark/status/s-1",
        "GET /receipts/groth16/receipt/s-1",
    ];
    assert_eq!(server.asked(), expected);
    let requests = server.requests();
    assert_eq!(requests[1].body, RECEIPT);
    assert_eq!(requests[2].body, br#"{"session_id":"r-1"}"#);
    assert!(requests.iter().all(|request| request.header("x-api-key") == Some("secret-key")));
    assert!(requests.iter().all(|request| request.header("x-risc0-version") == Some("3.0.6")));
}

#[test]
fn what_was_compressed_once_is_not_asked_for_again() {
    let (folder, server) = (TempDir::new().unwrap(), server(|_, _| None));
    let first = compress(&server, &folder).unwrap();
    let asked = server.asked().len();
    assert_eq!(compress(&server, &folder).unwrap(), first);
    assert_eq!(server.asked().len(), asked);
}

#[test]
fn a_compression_goes_on_after_a_restart() {
    let running = |request: &Request, _: &str| {
        request.path.starts_with("/snark/status").then(|| json(json!({ "status": "RUNNING" })))
    };
    let folder = TempDir::new().unwrap();
    let before = server(running);
    let (_, journal, id) = published();
    let looks = AtomicUsize::new(0);
    // Cancelled while it runs: as a process that ends, but for the file that stays.
    let cancelled = || looks.fetch_add(1, Ordering::SeqCst) == 2;
    let stopped = RemoteCompressor::new(options(&before.url(), &folder)).unwrap();
    let error = stopped.compress("task-1", RECEIPT, &id, &journal, &cancelled).unwrap_err();
    assert!(error.to_string().contains("cancelled"), "{error}");

    let after = server(|_, _| None);
    compress(&after, &folder).unwrap();
    assert!(after.asked().iter().all(|asked| asked.starts_with("GET /snark") || asked.contains("groth16")));
}

#[test]
fn a_compression_that_the_service_forgot_begins_anew() {
    let folder = TempDir::new().unwrap();
    let running =
        server(|request, _| request.path.starts_with("/snark/status").then(|| json(json!({ "status": "RUNNING" }))));
    let short = RemoteOptions { timeout: Duration::from_millis(200), ..options(&running.url(), &folder) };
    assert!(compress_with(short).unwrap_err().to_string().contains("nothing came within"));

    let created = AtomicUsize::new(0);
    let forgetful = server(move |request, _| match request.path.as_str() {
        "/snark/create" => {
            created.fetch_add(1, Ordering::SeqCst);
            None
        }
        path if path.starts_with("/snark/status") && created.load(Ordering::SeqCst) == 0 => Some(Reply::Status(404)),
        _ => None,
    });
    compress(&forgetful, &folder).unwrap();
    assert!(forgetful.asked().contains(&"PUT /receipts/upload/r-1".to_string()));
}

#[test]
fn faults_that_pass_are_tried_again() {
    let faults = Mutex::new(std::collections::HashMap::<String, usize>::new());
    let server = server(move |request, _| {
        let mut faults = faults.lock().unwrap();
        let met = faults.entry(format!("{} {}", request.method, request.path)).or_default();
        *met += 1;
        (*met <= 2).then_some(Reply::Status(if *met == 1 { 503 } else { 429 }))
    });
    compress(&server, &TempDir::new().unwrap()).unwrap();
}

#[test]
fn a_service_that_keeps_failing_is_given_up() {
    let server = server(|request, _| (request.method == "PUT").then_some(Reply::Status(500)));
    assert!(failure(&server).ends_with("failed: it answers with status 500."));
    assert_eq!(
        server.asked(),
        ["GET /receipts/upload"].into_iter().chain(["PUT /receipts/upload/r-1"; 3]).collect::<Vec<_>>()
    );
}

#[test]
fn a_service_that_never_answers_is_given_up() {
    let (folder, server) = (TempDir::new().unwrap(), server(|_, _| Some(Reply::Silence)));
    let hasty = RemoteOptions { request_timeout: Duration::from_millis(100), ..options(&server.url(), &folder) };
    let begun = Instant::now();
    let error = compress_with(hasty).unwrap_err().to_string();
    assert!(error.contains("timeout"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn answers_without_end_are_cut_off() {
    let bounded = |path: &'static str, most: &str| {
        let server = server(move |request, _| (request.path == path).then_some(Reply::Flood));
        let error = failure(&server);
        assert!(error.contains(&format!("answers with more than {most} bytes")), "{error}");
    };
    bounded("/receipts/upload", "65536");
    bounded("/snark/status/s-1", "65536");
    bounded("/receipts/groth16/receipt/s-1", "4194304");
}

#[test]
fn garbage_is_refused() {
    let garbled = |path: &'static str| {
        let server = server(move |request, _| (request.path == path).then(|| Reply::Bytes(b"<html>".to_vec())));
        failure(&server)
    };
    assert!(garbled("/receipts/upload").contains("not of the API"));
    assert!(garbled("/snark/create").contains("not of the API"));
    assert!(garbled("/snark/status/s-1").contains("not of the API"));
    assert!(garbled("/receipts/groth16/receipt/s-1").contains("its proof does not hold: it is not a receipt"));
    let named = server(|request, _| (request.path == "/snark/create").then(|| json(json!({ "uuid": "../../x" }))));
    assert!(failure(&named).contains("a name that is none"));
}

#[test]
fn a_proof_that_does_not_hold_is_refused_and_forgotten() {
    let (_, journal, id) = published();
    let fake = Receipt::new(InnerReceipt::Fake(FakeReceipt::new(ReceiptClaim::ok(id, journal.clone()))), journal);
    let fake = bincode::serialize(&fake).unwrap();
    let dev_mode = server(move |request, _| request.path.contains("groth16").then(|| Reply::Bytes(fake.clone())));
    assert!(failure(&dev_mode).contains("a receipt of dev mode"));

    let (folder, right) = (TempDir::new().unwrap(), server(|_, _| None));
    let compressor = RemoteCompressor::new(options(&right.url(), &folder)).unwrap();
    let error = compressor.compress("task-1", RECEIPT, &id, b"another journal", &|| false).unwrap_err();
    assert!(error.to_string().contains("its proof does not hold"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_compression_that_failed_is_said_and_begins_anew() {
    let folder = TempDir::new().unwrap();
    let failing = server(|request, _| {
        let failed = json!({ "status": "FAILED", "output": null, "error_msg": "out of\nmemory" });
        request.path.starts_with("/snark/status").then(|| json(failed))
    });
    let error = compress(&failing, &folder).unwrap_err().to_string();
    assert!(error.ends_with("it ended the compression as FAILED out ofmemory."), "{error}");
    let well = server(|_, _| None);
    compress(&well, &folder).unwrap();
    assert_eq!(well.asked()[0], "GET /receipts/upload");
}

#[test]
fn a_refused_key_is_said_without_it() {
    let server = server(|_, _| Some(Reply::Status(401)));
    let error = compress(&server, &TempDir::new().unwrap()).unwrap_err();
    assert!(matches!(&error, RunError::Lacking(text) if text.contains("refuses the API key")), "{error:?}");
    assert!(!error.to_string().contains("secret-key"));
}

#[test]
fn the_key_goes_to_the_service_alone() {
    let storage = Server::start(|_, _| Reply::Status(200));
    let elsewhere = storage.url();
    let service = server(move |request, _| {
        let upload = json!({ "url": format!("{elsewhere}/bucket/r-1?signature=x"), "uuid": "r-1" });
        (request.path == "/receipts/upload").then(|| json(upload))
    });
    compress(&service, &TempDir::new().unwrap()).unwrap();
    let stored = storage.requests();
    assert_eq!((stored[0].path.as_str(), &stored[0].body[..]), ("/bucket/r-1?signature=x", RECEIPT));
    assert_eq!(stored[0].header("x-api-key"), None);
}

#[test]
fn urls_are_https_or_of_this_machine() {
    let folder = TempDir::new().unwrap();
    let opened = |url: &str| RemoteCompressor::new(options(url, &folder)).map(drop);
    for good in ["https://compressor.example/api", "http://127.0.0.1:8081", "http://[::1]:8081", "http://localhost:1"] {
        opened(good).unwrap();
    }
    for bad in [
        "http://compressor.example",
        "http://10.0.0.1",
        "ftp://127.0.0.1",
        "127.0.0.1:80",
        "",
        "https://me:pass@x.example",
    ] {
        assert!(matches!(opened(bad), Err(RunError::Lacking(_))), "{bad}");
    }
    let named = server(|request, _| {
        let upload = json!({ "url": "http://169.254.169.254/latest", "uuid": "r-1" });
        (request.path == "/receipts/upload").then(|| json(upload))
    });
    assert!(failure(&named).contains("names a URL that is not https"));
}

#[test]
fn without_an_archive_or_a_prover_this_machine_refuses_before_it_begins() {
    let Err(why) = local_compressor() else {
        // A machine that can: what it is given is no receipt.
        assert!(matches!(compress_local(RECEIPT, &[0; 32]), Err(RunError::Program(_))));
        return;
    };
    let error = compress_local(RECEIPT, &[0; 32]).unwrap_err();
    assert_eq!(error, RunError::Lacking(format!("No Groth16 proof can be made on this machine: {why}.")));
    assert!(!why.contains("archive") || why.contains("W3B_RECURSION_ARCHIVE"), "what the build takes is named: {why}");
}
