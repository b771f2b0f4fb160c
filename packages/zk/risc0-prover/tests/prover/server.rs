use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// What a client asked.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

pub enum Reply {
    Status(u16),
    Bytes(Vec<u8>),
    /// Bytes until the client goes, or 100 MB.
    Flood,
    /// Nothing until the client goes.
    Silence,
}

pub fn json(value: serde_json::Value) -> Reply {
    Reply::Bytes(value.to_string().into_bytes())
}

/// An HTTP server on 127.0.0.1 that answers as it is told, and remembers what it was asked.
pub struct Server {
    address: SocketAddr,
    stopping: Arc<AtomicBool>,
    asked: Arc<Mutex<Vec<Request>>>,
    thread: Option<JoinHandle<()>>,
}

type Answer = dyn Fn(&Request, &str) -> Reply + Send + Sync;

impl Server {
    /// @param answer gets the request and where this server is, `http://127.0.0.1:…`
    pub fn start(answer: impl Fn(&Request, &str) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stopping, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (stop, memory) = (stopping.clone(), asked.clone());
        let answer: Arc<Answer> = Arc::new(answer);
        let thread = thread::spawn(move || {
            let url = format!("http://{address}");
            let mut serving = Vec::new();
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let (answer, memory, url) = (answer.clone(), memory.clone(), url.clone());
                serving.push(thread::spawn(move || {
                    // A client that goes away in the middle is part of these tests.
                    let _ = serve(stream.unwrap(), &*answer, &memory, &url);
                }));
            }
            for thread in serving {
                thread.join().unwrap();
            }
        });
        Server { address, stopping, asked, thread: Some(thread) }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Methods and paths of what it was asked, in order.
    pub fn asked(&self) -> Vec<String> {
        self.requests().iter().map(|request| format!("{} {}", request.method, request.path)).collect()
    }

    pub fn requests(&self) -> Vec<Request> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Wakes the listener.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || thread::panicking(), "the server broke off");
        }
    }
}

fn serve(stream: TcpStream, answer: &Answer, memory: &Mutex<Vec<Request>>, url: &str) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_string()),
        }
    }
    let Some((first, headers)) = lines.split_first() else { return Ok(()) };
    let mut words = first.split(' ').map(String::from);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let headers: Vec<(String, String)> = headers
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_string()))
        .collect();
    let length =
        headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let request = Request { method, path, headers, body };
    memory.lock().unwrap().push(request.clone());

    let mut stream = stream;
    match answer(&request, url) {
        Reply::Status(status) => {
            write!(stream, "HTTP/1.1 {status} Said\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        }
        Reply::Bytes(bytes) => {
            let length = bytes.len();
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n")?;
            stream.write_all(&bytes)
        }
        Reply::Flood => {
            write!(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")?;
            (0..100).try_for_each(|_| stream.write_all(&vec![b' '; 1_000_000]))
        }
        Reply::Silence => reader.read(&mut [0]).map(drop),
    }
}
