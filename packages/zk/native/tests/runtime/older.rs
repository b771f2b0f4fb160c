use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde_json::Value;
use tonic::Code;

use crate::server::{Server, guest, weather, weather_task};
use crate::wire::VerifyRequest;
use crate::wire::vm::vm_client::VmClient;
use crate::wire::vm::{ExecuteTaskRequest, NewProjectRequest};
use crate::wire::vm_runtime::vm_runtime_client::VmRuntimeClient;
use crate::wire::vm_runtime::{CreateRequest, ExecuteRequest};

/// As a project file has it.
fn packed(program: &[u8]) -> String {
    let mut zlib = ZlibEncoder::new(vec![], Compression::default());
    zlib.write_all(program).unwrap();
    hex::encode(zlib.finish().unwrap())
}

#[tokio::test]
async fn the_older_protocol_proves_circuits() {
    let server = Server::start(&[]);
    let mut client = VmRuntimeClient::new(server.channel().await);
    let run = |project_id, datas: Vec<String>| ExecuteRequest { project_id, datas };
    assert_eq!(client.execute_operator(run(7, vec![])).await.unwrap_err().code(), Code::NotFound);

    let project = CreateRequest { project_id: 7, content: packed(b"native"), exp_param: weather().exp_param };
    client.create(project).await.unwrap();
    let result = client.execute_operator(run(7, vec![weather_task()])).await.unwrap().into_inner().result;
    let result: Value = serde_json::from_slice(&result).unwrap();
    assert!(result["proof"].as_str().unwrap().starts_with("0x"));
    assert_eq!(result["publicInputs"].as_array().unwrap().len(), 7);

    let without_task = client.execute_operator(run(7, vec!["{\"temperature\":1}".into()])).await.unwrap_err();
    assert_eq!(without_task.code(), Code::InvalidArgument);
    assert!(without_task.message().contains("proves a task"), "{without_task:?}");
}

#[tokio::test]
async fn content_that_is_none_is_refused() {
    let server = Server::start(&[]);
    let mut client = VmRuntimeClient::new(server.channel().await);
    let bomb = vec![0; 49 << 20];
    for (content, code, text) in [
        ("zz".into(), Code::InvalidArgument, "not hex"),
        (hex::encode("text"), Code::InvalidArgument, "not zlib"),
        (packed(&bomb), Code::ResourceExhausted, "size limit"),
        (packed(b"\0asm\x01\0\0\0"), Code::InvalidArgument, "WASM"),
    ] {
        let project = CreateRequest { project_id: 7, content, exp_param: String::new() };
        let refused = client.create(project).await.unwrap_err();
        assert_eq!(refused.code(), code, "{refused:?}");
        assert!(refused.message().contains(text), "{refused:?}");
    }
}

/// The one RISC Zero proof of these tests.
#[tokio::test]
async fn the_later_protocol_proves_guests() {
    let server = Server::start(&[]);
    let mut client = VmClient::new(server.channel().await).max_decoding_message_size(64 << 20);
    let project = NewProjectRequest {
        project_id: 7,
        project_version: "0.1".into(),
        binary: guest("echo").program,
        metadata: Default::default(),
    };
    client.new_project(project).await.unwrap();
    let task = |version: &str| ExecuteTaskRequest {
        project_id: 7,
        project_version: version.into(),
        task_id: vec![1; 32].into(),
        payloads: vec![b"a".as_slice().into(), b"{\"receipt_type\":\"Stark\"}".as_slice().into()],
    };
    assert_eq!(client.execute_task(task("0.2")).await.unwrap_err().code(), Code::NotFound);
    let result = client.execute_task(task("0.1")).await.unwrap().into_inner().result;
    let result: Value = serde_json::from_slice(&result).unwrap();
    let stark = &result["Stark"];
    let text = |name: &str| stark[name].as_str().unwrap().trim_start_matches("0x").to_string();
    let journal = hex::decode(text("journal")).unwrap();
    assert_eq!(String::from_utf8(journal).unwrap(), r#"["a","{\"receipt_type\":\"Stark\"}"]"#);

    let mut ours = server.client().await;
    let claim = VerifyRequest {
        kind: "composite".into(),
        proof: base64(&text("receipt")).into(),
        image_id: hex::decode(text("imageId")).unwrap().into(),
        ..VerifyRequest::default()
    };
    let verified = ours.verify(claim.clone()).await.unwrap().into_inner();
    assert!(verified.holds, "{}", verified.reason);
    assert!(verified.journal.starts_with(b"[\"a\""));
    let of_another = VerifyRequest { image_id: vec![1; 32].into(), ..claim.clone() };
    let verified = ours.verify(of_another).await.unwrap().into_inner();
    assert!(!verified.holds && verified.reason.contains("another program"), "{}", verified.reason);
    let of_another = VerifyRequest { journal: b"other".as_slice().into(), ..claim };
    assert!(!ours.verify(of_another).await.unwrap().into_inner().holds);
}

fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = text.bytes().filter_map(|byte| DIGITS.iter().position(|digit| *digit == byte));
    let (mut bytes, mut bits, mut value) = (vec![], 0, 0u32);
    for digit in digits {
        value = (value << 6) | digit as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((value >> bits) as u8);
        }
    }
    bytes
}
