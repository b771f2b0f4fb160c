use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;
use tokio_stream::wrappers::{TcpListenerStream, UnixListenerStream};
use tonic::transport::Server;
use tonic::transport::server::Router;

use crate::engine::{Engine, Settings};
use crate::gate::Gate;
use crate::older::Older;
use crate::service::Service;
use crate::wire::MESSAGE_BYTES;
use crate::wire::runtime_server::RuntimeServer;
use crate::wire::vm::vm_server::VmServer;
use crate::wire::vm_runtime::vm_runtime_server::VmRuntimeServer;

/// Where a server listens: this machine alone can reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    Unix(PathBuf),
    Tcp(SocketAddr),
}

impl Listen {
    pub fn read(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return match path {
                "" => Err("unix: needs a path, as in unix:/run/w3b/runtime".into()),
                path => Ok(Self::Unix(path.into())),
            };
        }
        let address = text.replacen("localhost:", "127.0.0.1:", 1);
        match address.parse::<SocketAddr>() {
            Ok(address) if address.ip().is_loopback() => Ok(Self::Tcp(address)),
            Ok(_) => Err(format!("{text} can be reached from outside: listen on 127.0.0.1:PORT or unix:/path")),
            Err(_) => Err(format!("{text:?} is no address: write 127.0.0.1:PORT or unix:/path")),
        }
    }
}

pub struct Serving {
    pub listen: Listen,
    pub settings: Settings,
    /// Time for running jobs after SIGTERM or SIGINT.
    pub drain: Duration,
    /// End, without draining, when standard input does: so no server outlives who started it.
    pub while_stdin_open: bool,
}

/// Time for connections to close after the last job.
const FAREWELL: Duration = Duration::from_secs(1);
const CALLS_A_CONNECTION: u32 = 512;
const HEADER_BYTES: u32 = 16 << 10;

/// Serves until a signal, and drains.
pub async fn serve(serving: Serving) -> anyhow::Result<()> {
    let engine = Arc::new(Engine::new(serving.settings)?);
    let gate = Arc::new(Gate::open());
    let (reporter, health) = tonic_health::server::health_reporter();
    let older = Older::new(Arc::clone(&engine), Arc::clone(&gate));
    let service = Service { engine: Arc::clone(&engine), gate: Arc::clone(&gate) };
    let ours =
        RuntimeServer::new(service).max_decoding_message_size(MESSAGE_BYTES).max_encoding_message_size(MESSAGE_BYTES);
    let vm_runtime = VmRuntimeServer::new(older.clone())
        .max_decoding_message_size(MESSAGE_BYTES)
        .max_encoding_message_size(MESSAGE_BYTES);
    let vm = VmServer::new(older).max_decoding_message_size(MESSAGE_BYTES).max_encoding_message_size(MESSAGE_BYTES);
    let names = ["", "w3bstream.runtime.v1.Runtime", "vm_runtime.VmRuntime", "vm.VM"];
    for name in names {
        reporter.set_service_status(name, tonic_health::ServingStatus::Serving).await;
    }
    let router = Server::builder()
        .max_concurrent_streams(CALLS_A_CONNECTION)
        .http2_max_header_list_size(HEADER_BYTES)
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .add_service(health)
        .add_service(ours)
        .add_service(vm_runtime)
        .add_service(vm);

    let stdin_ended = watch_stdin(serving.while_stdin_open);
    let mut stdin = stdin_ended.subscribe();
    let (end, ended) = oneshot::channel();
    let mut server = tokio::spawn(listen(router, serving.listen.clone(), ended));
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let drained = tokio::select! {
        failed = &mut server => return failed?,
        _ = stdin.wait_for(|ended| *ended) => false,
        _ = terminate.recv() => true,
        _ = interrupt.recv() => true,
    };
    gate.close();
    for name in names {
        reporter.set_service_status(name, tonic_health::ServingStatus::NotServing).await;
    }
    if drained {
        eprintln!("draining");
        tokio::select! {
            all = gate.empty(serving.drain) => if !all { eprintln!("ended jobs that took longer than {} ms", serving.drain.as_millis()) },
            _ = terminate.recv() => {},
            _ = interrupt.recv() => {},
            _ = stdin.wait_for(|ended| *ended) => {},
        }
    }
    engine.clear();
    // A server that ended by itself has no use for it.
    let _ = end.send(());
    if timeout(FAREWELL, server).await.is_err() {
        eprintln!("closed connections that were still open");
    }
    if let Listen::Unix(path) = &serving.listen {
        // Another server may have replaced it.
        let _ = fs::remove_file(path);
    }
    Ok(())
}

/// Turns true when standard input ends, where that is asked for.
fn watch_stdin(wanted: bool) -> watch::Sender<bool> {
    let ended = watch::Sender::new(false);
    let seen = ended.clone();
    if wanted {
        std::thread::spawn(move || {
            // A fault is an end too.
            let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
            seen.send_replace(true);
        });
    }
    ended
}

async fn listen(router: Router, listen: Listen, ended: oneshot::Receiver<()>) -> anyhow::Result<()> {
    let ended = async {
        // Dropped or sent, it is the end.
        let _ = ended.await;
    };
    match listen {
        Listen::Tcp(address) => {
            let listener =
                TcpListener::bind(address).await.map_err(|why| anyhow::anyhow!("cannot listen on {address}: {why}"))?;
            println!("listening on {}", listener.local_addr()?);
            router.serve_with_incoming_shutdown(TcpListenerStream::new(listener), ended).await?;
        }
        Listen::Unix(path) => {
            let listener =
                bind(&path).await.map_err(|why| anyhow::anyhow!("cannot listen on {}: {why}", path.display()))?;
            println!("listening on unix:{}", path.display());
            router.serve_with_incoming_shutdown(UnixListenerStream::new(listener), ended).await?;
        }
    }
    Ok(())
}

/// A socket that only this user can open; one that a server left behind is replaced.
async fn bind(path: &Path) -> io::Result<UnixListener> {
    if let Some(folder) = path.parent() {
        private_folder(folder)?;
    }
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => {
            return Err(io::Error::other("there is a file that is no socket"));
        }
        Ok(_) => match tokio::net::UnixStream::connect(path).await {
            Ok(_) => return Err(io::Error::other("another server listens there")),
            Err(why) if why.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path)?,
            Err(why) => return Err(why),
        },
        Err(why) if why.kind() == ErrorKind::NotFound => {}
        Err(why) => return Err(why),
    }
    // SAFETY: sets an attribute of this process, which makes no other file meanwhile.
    let before = unsafe { libc::umask(0o177) };
    let bound = UnixListener::bind(path);
    // SAFETY: as above.
    unsafe { libc::umask(before) };
    bound
}

/// Makes a folder that only this user can enter, where there is none.
pub fn private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_listened_to() {
        assert_eq!(Listen::read("unix:/run/a/b").unwrap(), Listen::Unix("/run/a/b".into()));
        for local in ["127.0.0.1:0", "localhost:4001", "[::1]:4001", "127.8.8.8:1"] {
            assert!(matches!(Listen::read(local).unwrap(), Listen::Tcp(_)), "{local}");
        }
        for other in ["0.0.0.0:4001", "[::]:4001", "10.0.0.1:1", "192.168.1.2:3"] {
            assert!(Listen::read(other).unwrap_err().contains("reached from outside"), "{other}");
        }
        for wrong in ["", "unix:", "4001", "example.org:80", "/run/a"] {
            assert!(Listen::read(wrong).is_err(), "{wrong}");
        }
    }
}
