use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tonic::transport::{Channel, Endpoint, Uri};

use crate::wire::runtime_client::RuntimeClient;
use crate::wire::{Job, LoadRequest, Loaded};

pub const BINARY: &str = env!("CARGO_BIN_EXE_w3b-runtime");

/// A server of the binary under test, ended when dropped.
pub struct Server {
    pub process: Child,
    pub folder: Folder,
    pub address: String,
}

/// A folder for one test, removed when dropped.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("w3b-runtime-test-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Server {
    pub fn start(options: &[&str]) -> Self {
        let folder = Folder::new();
        let listen = format!("unix:{}", folder.0.join("run/socket").display());
        Self::listening(folder, &listen, options)
    }

    pub fn listening(folder: Folder, listen: &str, options: &[&str]) -> Self {
        let mut process = Command::new(BINARY)
            .args(["serve", "--listen", listen, "--state"])
            .arg(folder.0.join("state"))
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").expect("the server listens").to_string();
        Self { process, folder, address }
    }

    pub async fn channel(&self) -> Channel {
        let Some(path) = self.address.strip_prefix("unix:").map(PathBuf::from) else {
            return Endpoint::try_from(format!("http://{}", self.address)).unwrap().connect().await.unwrap();
        };
        let connect = move |_: Uri| {
            let path = path.clone();
            async move { UnixStream::connect(path).await.map(TokioIo::new) }
        };
        let endpoint = Endpoint::from_static("http://socket");
        endpoint.connect_with_connector(tower::service_fn(connect)).await.unwrap()
    }

    pub async fn client(&self) -> RuntimeClient<Channel> {
        const MOST: usize = 80 << 20;
        RuntimeClient::new(self.channel().await).max_decoding_message_size(MOST).max_encoding_message_size(MOST)
    }

    /// Pids of its children.
    pub fn children(&self) -> Vec<u32> {
        let own = self.process.id().to_string();
        let pids =
            fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let is_child = |pid: &u32| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let fields: Vec<_> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
            fields.get(1) == Some(&own.as_str()) && fields.first() != Some(&"Z")
        };
        pids.filter(is_child).collect()
    }

    pub fn signal(&self, signal: i32) {
        // SAFETY: signals a process that this test started.
        assert_eq!(unsafe { libc::kill(self.process.id() as i32, signal) }, 0);
    }

    pub async fn ended(&mut self) -> ExitStatus {
        eventually("the server ends", || self.process.try_wait().unwrap()).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits for a state, a minute at most.
pub async fn eventually<T>(what: &str, mut state: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(reached) = state() {
            return reached;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub fn guest(name: &str) -> LoadRequest {
    let path = format!("{}/../risc0-prover/tests/guests/{name}.elf", env!("CARGO_MANIFEST_DIR"));
    LoadRequest { vm_type: "risc0".into(), program: fs::read(path).unwrap().into(), exp_param: String::new() }
}

pub fn weather() -> LoadRequest {
    use sha2::{Digest, Sha256};
    let path = format!("{}/../../../examples/halo2-weather/artifacts/verifying.key", env!("CARGO_MANIFEST_DIR"));
    let key = hex::encode(Sha256::digest(fs::read(path).unwrap()));
    let exp_param = format!(r#"{{"circuit":"weather","verifying_key":"0x{key}"}}"#);
    LoadRequest { vm_type: "halo2".into(), exp_param, ..LoadRequest::default() }
}

/// A task of one reading, by the golden vectors.
pub fn weather_task() -> String {
    let path = format!("{}/../../../test/vectors/input-commitment.json", env!("CARGO_MANIFEST_DIR"));
    let vectors: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let vector = &vectors["commitments"][0];
    serde_json::json!({
        "task": { "inputCommitment": vector["commitment"] },
        "binding": format!("0x{}", "ab".repeat(32)),
        "data": vector["payloads"],
        "salt": vector["salt"],
    })
    .to_string()
}

pub async fn loaded(client: &mut RuntimeClient<Channel>, program: LoadRequest) -> Loaded {
    client.load(program).await.unwrap().into_inner()
}

pub fn job(loaded: &Loaded, inputs: &[&str]) -> Job {
    let inputs = inputs.iter().map(|input| input.to_string()).collect();
    Job { handle: loaded.handle.clone(), inputs, ..Job::default() }
}
