use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};
use std::{fs, io, thread};

use risc0_zkvm::InnerReceipt;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use ureq::http::Uri;
use ureq::{Agent, Body, http};

use crate::RunError;
use crate::receipt::{Groth16, decode};
use crate::verify::{Kind, SELECTOR, verify};

/// Most bytes of an answer in JSON.
const MAX_JSON_BYTES: u64 = 64 << 10;
/// Most bytes of a Groth16 receipt, which carries its journal.
const MAX_OUTPUT_BYTES: u64 = 4 << 20;
/// How long what is known of a compression is kept.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// The API's versions go by the zkVM's.
const VERSION: &str = "3.0.6";

/// How to reach a compressor.
#[derive(Clone)]
pub struct RemoteOptions {
    /// Where its API begins. `https://…`, or `http://` of this machine.
    pub url: String,
    pub api_key: Option<String>,
    /// Where begun compressions are remembered, a file each.
    pub state_dir: PathBuf,
    /// For a whole compression.
    pub timeout: Duration,
    /// For one request; an upload gets a second more for each 256 KiB.
    pub request_timeout: Duration,
    /// Between looks at a compression's state.
    pub poll: Duration,
    /// How often a request is made before it counts as failed.
    pub attempts: u32,
    /// Before the second attempt; doubled before each further one, up to 30 s.
    pub backoff: Duration,
}

impl RemoteOptions {
    pub fn new(url: impl Into<String>, api_key: Option<String>, state_dir: impl Into<PathBuf>) -> Self {
        Self {
            url: url.into(),
            api_key,
            state_dir: state_dir.into(),
            timeout: Duration::from_secs(3600),
            request_timeout: Duration::from_secs(30),
            poll: Duration::from_secs(3),
            attempts: 6,
            backoff: Duration::from_secs(1),
        }
    }

    /// The API key: `W3B_COMPRESSOR_KEY`, or the text of the file that `W3B_COMPRESSOR_KEY_FILE` names.
    ///
    /// # Errors
    /// [`RunError::Lacking`]: the file cannot be read.
    pub fn key_from_environment() -> Result<Option<String>, RunError> {
        let given = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        if let Some(key) = given("W3B_COMPRESSOR_KEY") {
            return Ok(Some(key));
        }
        let Some(path) = given("W3B_COMPRESSOR_KEY_FILE") else { return Ok(None) };
        let key = fs::read_to_string(&path)
            .map_err(|error| RunError::Lacking(format!("The compressor's key file {path} cannot be read: {error}.")))?;
        Ok(Some(key.trim().to_string()))
    }
}

/// A service that makes Groth16 proofs of composite receipts: the REST API of Bonsai, which Boundless' Bento serves too.
///
/// What it returns is verified. A compression that was begun goes on after a restart of this process, and one that ended
/// is not paid for twice.
/// @see bonsai-sdk, <https://github.com/risc0/risc0/tree/main/bonsai/sdk>
pub struct RemoteCompressor {
    agent: Agent,
    base: Uri,
    options: RemoteOptions,
}

/// What is known of a compression.
#[derive(Default, Deserialize, Serialize)]
struct State {
    task: String,
    /// The receipt's name, once it is uploaded.
    receipt: Option<String>,
    /// The compression's name, once it is begun.
    snark: Option<String>,
    /// The Groth16 proof with its selector in hex, once it is there and holds.
    seal: Option<String>,
}

#[derive(Deserialize)]
struct Upload {
    url: String,
    uuid: String,
}

#[derive(Deserialize)]
struct Created {
    uuid: String,
}

#[derive(Deserialize)]
struct Status {
    status: String,
    output: Option<String>,
    error_msg: Option<String>,
}

/// What a request failed of.
enum Failure {
    /// The service does not know what was named.
    Unknown,
    Error(RunError),
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self::Error(error)
    }
}

impl RemoteCompressor {
    /// # Errors
    /// [`RunError::Lacking`]: the URL is neither https nor of this machine, or the folder cannot be written.
    pub fn new(options: RemoteOptions) -> Result<Self, RunError> {
        let base =
            allowed(&options.url, true).map_err(|why| RunError::Lacking(format!("The compressor's URL {why}.")))?;
        let folder = &options.state_dir;
        fs::create_dir_all(folder).and_then(|()| forget_old(folder)).map_err(|error| {
            RunError::Lacking(format!("The compressor's folder {} cannot be used: {error}.", folder.display()))
        })?;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(options.request_timeout.min(Duration::from_secs(10))))
            .timeout_global(Some(options.request_timeout))
            .user_agent("w3bstream")
            .proxy(None);
        Ok(Self { agent: config.build().into(), base, options })
    }

    /// Makes a Groth16 proof of a composite receipt. Blocks; takes minutes.
    ///
    /// @param task_id kept beside the compression's name, for whoever looks for it
    /// @param cancelled asked several times a second; the compression is left to itself, and goes on being waited for when
    ///   it is asked for again
    ///
    /// # Errors
    /// [`RunError::Lacking`]: it refuses the API key; [`RunError::Internal`] otherwise: asked again, what was begun goes on.
    pub fn compress(
        &self,
        task_id: &str,
        receipt: &[u8],
        image_id: &[u8; 32],
        journal: &[u8],
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Groth16, RunError> {
        let path = self.options.state_dir.join(format!("{}.json", hex::encode(Sha256::digest(receipt))));
        let mut job =
            Job { compressor: self, path, receipt, cancelled, deadline: Instant::now() + self.options.timeout };
        let mut state = job.load(task_id);
        if let Some(seal) = state.seal.as_ref().and_then(|seal| hex::decode(seal).ok())
            && verify(Kind::Groth16, &seal, image_id, Some(journal)).is_ok()
        {
            return Ok(Groth16 { seal, journal: journal.to_vec() });
        }
        let output = match job.follow(&mut state) {
            // The service forgot it: once more from the beginning.
            Err(Failure::Unknown) => {
                state = State { task: task_id.into(), ..State::default() };
                job.save(&state)?;
                job.follow(&mut state)
            }
            result => result,
        };
        let output = output.map_err(|failure| match failure {
            Failure::Unknown => self.error("it does not know what it was just given"),
            Failure::Error(error) => error,
        })?;
        let seal = proof_in(&output).and_then(|seal| {
            verify(Kind::Groth16, &seal, image_id, Some(journal))?;
            Ok(seal)
        });
        let seal = seal.map_err(|why| {
            job.forget();
            self.error(&format!("its proof does not hold: {why}"))
        })?;
        state.seal = Some(hex::encode(&seal));
        job.save(&state)?;
        Ok(Groth16 { seal, journal: journal.to_vec() })
    }

    fn error(&self, what: &str) -> RunError {
        RunError::Internal(format!("The compressor {} failed: {what}.", self.name()))
    }

    fn name(&self) -> &str {
        self.base.authority().map_or("", |authority| authority.as_str())
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.options.url.trim_end_matches('/'))
    }
}

/// One compression under way.
struct Job<'a> {
    compressor: &'a RemoteCompressor,
    path: PathBuf,
    receipt: &'a [u8],
    cancelled: &'a dyn Fn() -> bool,
    deadline: Instant,
}

enum Method<'a> {
    Get,
    Put(&'a [u8]),
    Post(String),
}

impl Job<'_> {
    /// Does what is still to do, and returns the Groth16 receipt as the service gave it.
    fn follow(&mut self, state: &mut State) -> Result<Vec<u8>, Failure> {
        let receipt = match &state.receipt {
            Some(receipt) => receipt.clone(),
            None => {
                let upload: Upload = self.json(&self.compressor.url("/receipts/upload"), &Method::Get)?;
                let url = self.answered_url(&upload.url)?;
                self.request(&url, &Method::Put(self.receipt), MAX_JSON_BYTES)?;
                state.receipt = Some(self.checked(upload.uuid)?);
                self.save(state)?;
                state.receipt.clone().unwrap_or_default()
            }
        };
        let snark = match &state.snark {
            Some(snark) => snark.clone(),
            None => {
                let asked = serde_json::json!({ "session_id": receipt }).to_string();
                let created: Created = self.json(&self.compressor.url("/snark/create"), &Method::Post(asked))?;
                state.snark = Some(self.checked(created.uuid)?);
                self.save(state)?;
                state.snark.clone().unwrap_or_default()
            }
        };
        loop {
            let status: Status = self.json(&self.compressor.url(&format!("/snark/status/{snark}")), &Method::Get)?;
            match (status.status.as_str(), status.output) {
                ("SUCCEEDED", Some(output)) => {
                    let url = self.answered_url(&output)?;
                    return self.request(&url, &Method::Get, MAX_OUTPUT_BYTES);
                }
                ("RUNNING", _) => self.wait(self.compressor.options.poll)?,
                (ended, _) => {
                    self.forget();
                    let (ended, why) = (plain(ended), plain(&status.error_msg.unwrap_or_default()));
                    return Err(self.compressor.error(&format!("it ended the compression as {ended} {why}")).into());
                }
            }
        }
    }

    fn json<T: DeserializeOwned>(&self, url: &str, method: &Method<'_>) -> Result<T, Failure> {
        let bytes = self.request(url, method, MAX_JSON_BYTES)?;
        serde_json::from_slice(&bytes)
            .map_err(|_| self.compressor.error("its answer is not of the API that this client speaks").into())
    }

    /// Asks until there is an answer that asking again would not better.
    fn request(&self, url: &str, method: &Method<'_>, max_bytes: u64) -> Result<Vec<u8>, Failure> {
        let options = &self.compressor.options;
        let mut pause = options.backoff;
        let mut attempt = 1;
        loop {
            let failed = match self.once(url, method, max_bytes) {
                Ok(answer) => return answer,
                Err(failed) => failed,
            };
            if attempt >= options.attempts {
                return Err(self.compressor.error(&failed).into());
            }
            attempt += 1;
            self.wait(pause)?;
            pause = (pause * 2).min(Duration::from_secs(30));
        }
    }

    /// `Err` with what went wrong where trying again may help.
    fn once(&self, url: &str, method: &Method<'_>, max_bytes: u64) -> Result<Result<Vec<u8>, Failure>, String> {
        let compressor = self.compressor;
        let answer = match method {
            Method::Get => self.headed(compressor.agent.get(url), url).call(),
            Method::Put(bytes) => {
                let time = compressor.options.request_timeout + Duration::from_secs(bytes.len() as u64 >> 18);
                let request = self.headed(compressor.agent.put(url), url);
                request.config().timeout_global(Some(time)).build().send(*bytes)
            }
            Method::Post(json) => {
                let request = self.headed(compressor.agent.post(url), url);
                request.header("content-type", "application/json").send(json.as_str())
            }
        };
        let mut answer: http::Response<Body> = answer.map_err(|error| plain(&error.to_string()))?;
        match answer.status().as_u16() {
            200..=299 => (),
            401 | 403 => {
                let name = compressor.name();
                return Ok(Err(RunError::Lacking(format!("The compressor {name} refuses the API key.")).into()));
            }
            404 => return Ok(Err(Failure::Unknown)),
            status @ (408 | 429 | 500..=599) => return Err(format!("it answers with status {status}")),
            status => return Ok(Err(compressor.error(&format!("it answers with status {status}")).into())),
        }
        match answer.body_mut().with_config().limit(max_bytes).read_to_vec() {
            Ok(bytes) => Ok(Ok(bytes)),
            Err(ureq::Error::BodyExceedsLimit(_)) => {
                Ok(Err(compressor.error(&format!("it answers with more than {max_bytes} bytes")).into()))
            }
            Err(error) => Err(plain(&error.to_string())),
        }
    }

    /// The key is for the service alone, not for the storage that it names.
    fn headed<T>(&self, request: ureq::RequestBuilder<T>, url: &str) -> ureq::RequestBuilder<T> {
        let ours = url.parse::<Uri>().is_ok_and(|url| url.authority() == self.compressor.base.authority());
        match &self.compressor.options.api_key {
            Some(key) if ours => request.header("x-api-key", key.as_str()).header("x-risc0-version", VERSION),
            _ if ours => request.header("x-risc0-version", VERSION),
            _ => request,
        }
    }

    /// A URL that the service answered with: its own, or one by https.
    fn answered_url(&self, text: &str) -> Result<String, Failure> {
        let base = &self.compressor.base;
        let refused = |why: &str| Failure::from(self.compressor.error(&format!("it names a URL that {why}")));
        let url: Uri = text.parse().map_err(|_| refused("is none"))?;
        if url.authority() == base.authority() {
            // Behind TLS it may still believe that it speaks plain HTTP.
            let path = url.path_and_query().map_or("/", |path| path.as_str());
            let (scheme, name) = (base.scheme_str().unwrap_or("https"), self.compressor.name());
            return Ok(format!("{scheme}://{name}{path}"));
        }
        let local = base.host().is_some_and(is_loopback);
        allowed(text, local).map_err(|why| refused(&why))?;
        Ok(text.to_string())
    }

    /// A name that the service gave, which goes into paths.
    fn checked(&self, name: String) -> Result<String, Failure> {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let good = (1..=128).contains(&name.len()) && name.chars().all(fits);
        good.then_some(name).ok_or_else(|| self.compressor.error("it gives a name that is none").into())
    }

    fn wait(&self, pause: Duration) -> Result<(), RunError> {
        const SLICE: Duration = Duration::from_millis(100);
        let until = Instant::now() + pause;
        loop {
            if (self.cancelled)() {
                return Err(RunError::Internal("The task was cancelled while its proof was compressed.".into()));
            }
            let now = Instant::now();
            if now >= self.deadline {
                let seconds = self.compressor.options.timeout.as_secs();
                return Err(self.compressor.error(&format!("nothing came within {seconds} s")));
            }
            if now >= until {
                return Ok(());
            }
            thread::sleep(SLICE.min(until - now));
        }
    }

    fn load(&self, task_id: &str) -> State {
        // A file that cannot be read, or is of another shape, is no state.
        let state = fs::read(&self.path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        state.unwrap_or_else(|| State { task: task_id.into(), ..State::default() })
    }

    fn save(&self, state: &State) -> Result<(), RunError> {
        let write = || -> io::Result<()> {
            let new = self.path.with_extension("new");
            fs::write(&new, serde_json::to_vec(state)?)?;
            fs::rename(new, &self.path)
        };
        write().map_err(|error| RunError::Internal(format!("What is known of a compression cannot be kept: {error}.")))
    }

    fn forget(&self) {
        // What stays is overwritten by the next try, or forgotten by age.
        let _ = fs::remove_file(&self.path);
    }
}

/// The proof with its selector, out of a Groth16 receipt in bincode.
fn proof_in(receipt: &[u8]) -> Result<Vec<u8>, String> {
    match decode(receipt)?.inner {
        InnerReceipt::Groth16(inner) => Ok([&SELECTOR[..], &inner.seal].concat()),
        InnerReceipt::Fake(_) => Err("it is a receipt of dev mode, which proves nothing".into()),
        _ => Err("it is not a Groth16 receipt".into()),
    }
}

/// A URL that may be asked: by https, or where `local` on this machine.
fn allowed(text: &str, local: bool) -> Result<Uri, String> {
    let url: Uri = text.parse().map_err(|_| "cannot be read".to_string())?;
    let (Some(scheme), Some(host)) = (url.scheme_str(), url.host()) else { return Err("has no scheme or host".into()) };
    if url.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("carries a user's name: give the key in W3B_COMPRESSOR_KEY".into());
    }
    match scheme {
        "https" => Ok(url),
        "http" if local && is_loopback(host) => Ok(url),
        _ => Err("is not https".into()),
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn forget_old(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let age = SystemTime::now().duration_since(entry.metadata()?.modified()?).unwrap_or_default();
        if age > KEPT {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// A text of the service's, fit for a message.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
