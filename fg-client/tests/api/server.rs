//! Servers of the tests: one that answers HTTP, and one that does something wrong.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::Response;
use fg_client::{Builder, Client, Environment, FunctionUrn, Retry};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const PROJECT: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const ACCESS_KEY: &str = "RECORDEDACCESSKEY";
pub(crate) const SECRET_KEY: &str = "recorded-secret-key";

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(known, _)| known == name);
        header.map(|(_, value)| value.as_str())
    }
}

/// What a server answers: status, headers, body.
#[derive(Clone, Debug)]
pub(crate) struct Reply(pub(crate) u16, pub(crate) Vec<(&'static str, String)>, pub(crate) Vec<u8>);

impl Reply {
    pub(crate) fn json(status: u16, body: impl Into<String>) -> Self {
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("x-request-id", "rid-1".to_owned()),
        ];
        Self(status, headers, body.into().into_bytes())
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.1.push((name, value.into()));
        self
    }
}

/// A server that answers, and remembers what it was asked.
pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// `answer` has the number of the request, from 1, and the request.
    pub(crate) async fn start(
        answer: impl Fn(usize, &Seen) -> Reply + Clone + Send + Sync + 'static,
    ) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&seen);
        let app = Router::new().fallback(move |request: Request| {
            let (all, answer) = (Arc::clone(&all), answer.clone());
            async move {
                let (head, body) = request.into_parts();
                let body = to_bytes(body, usize::MAX).await.expect("a body");
                let headers = head.headers.iter().map(|(name, value)| {
                    (name.to_string(), value.to_str().expect("a string").to_owned())
                });
                let request = Seen {
                    method: head.method.to_string(),
                    path: head.uri.path().to_owned(),
                    query: head.uri.query().unwrap_or_default().to_owned(),
                    headers: headers.collect(),
                    body: body.to_vec(),
                };
                let number = {
                    let mut all = all.lock().expect("no panic");
                    all.push(request.clone());
                    all.len()
                };
                let Reply(status, headers, body) = answer(number, &request);
                let mut response = Response::builder().status(status);
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                response.body(Body::from(body)).expect("a response")
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        // It ends with the runtime of its test.
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, seen }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no panic").clone()
    }

    /// The paths that were asked, with their methods.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.seen().iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect()
    }
}

/// What a server does with a connection, after it has read a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// Writes these bytes, and closes.
    Write(&'static str),
    /// Keeps the connection, and says nothing.
    Wait,
}

/// A server that does this with its connections, one after the other, the last one for ever.
/// Returns its address, and how many requests it has read.
pub(crate) async fn misbehave(acts: Vec<Act>) -> (String, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let count = Arc::new(Mutex::new(0));
    let requests = Arc::clone(&count);
    tokio::spawn(async move {
        let mut waiting = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            if !read_head(&mut stream).await {
                continue;
            }
            let number = {
                let mut count = requests.lock().expect("no panic");
                *count += 1;
                *count
            };
            match acts.get(number - 1).or(acts.last()).expect("an act") {
                Act::Write(bytes) => {
                    // The client may have gone.
                    let _ = stream.write_all(bytes.as_bytes()).await;
                    let _ = stream.shutdown().await;
                }
                Act::Wait => waiting.push(stream),
            }
        }
    });
    (url, count)
}

/// Reads up to the end of a head; `false` if the client goes before.
pub(crate) async fn read_head(stream: &mut TcpStream) -> bool {
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return false,
            Ok(read) => head.extend_from_slice(&buffer[..read]),
        }
    }
    true
}

/// A client with keys, region and project, whose retries are quick.
pub(crate) fn builder(url: &str) -> Builder {
    let quick = std::time::Duration::from_millis(1);
    Client::builder()
        .environment(Environment::empty())
        .credentials(ACCESS_KEY, SECRET_KEY, "")
        .region("cn-north-4")
        .project_id(PROJECT)
        .endpoint(url)
        .retry(Retry { first_pause: quick, longest_pause: quick, ..Retry::default() })
}

pub(crate) fn client(url: &str) -> Client {
    builder(url).build().expect("a client")
}

pub(crate) fn urn() -> FunctionUrn {
    FunctionUrn::new("cn-north-4", PROJECT, "default", "greet").expect("a URN")
}
