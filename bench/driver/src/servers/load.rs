//! The client: keeps connections open, and sends the next request on each when the response to the
//! previous one has arrived.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// Longer than a turn takes, even under valgrind.
const LIMIT: Duration = Duration::from_secs(120);

/// The request as the platform sends it to a container image, except that the connection is kept
/// open.
const REQUEST: &str = "POST /invoke HTTP/1.1\r\n\
    Host: 127.0.0.1:8000\r\n\
    User-Agent: curl/7.88.1\r\n\
    Content-Length: 17\r\n\
    Accept: */*\r\n\
    Content-Type: application/json\r\n\
    X-Cff-Access-Key: \r\n\
    X-Cff-Auth-Token: \r\n\
    X-Cff-Func-Name: 0@faashttp@hello\r\n\
    X-Cff-Func-Version: latest\r\n\
    X-Cff-Memory: 512\r\n\
    X-Cff-Package: \r\n\
    X-Cff-Project-Id: default\r\n\
    X-Cff-Region: \r\n\
    X-Cff-Secret-Key: \r\n\
    X-Cff-Security-Access-Key: \r\n\
    X-Cff-Security-Secret-Key: \r\n\
    X-Cff-Timeout: 5\r\n\
    X-Request-Id: 4bbf2e2f-4e93-48e6-b080-e3d723d77816\r\n\
    X-Trace-Id: 4bbf2e2f-4e93-48e6-b080-e3d723d77816\r\n\
    Accept-Encoding: gzip\r\n\
    \r\n\
    {\"name\":\"Ada L.\"}";

const REPLY: &[u8] = br#"{"message":"Hello, Ada L.!"}"#;

/// Connections to a server.
pub(crate) struct Client {
    runtime: Runtime,
    streams: Vec<TcpStream>,
}

/// The result of a turn.
pub(crate) struct Load {
    /// From the first request to the last response.
    pub(crate) time: Duration,
    /// Of the duration of a request.
    pub(crate) p99: Duration,
}

impl Client {
    /// Opens several connections.
    pub(crate) fn connect(address: SocketAddr, connections: usize) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let streams = runtime.block_on(connect(address, connections));
        Ok(Self { streams: streams.map_err(|error| error.to_string())?, runtime })
    }

    /// Sends `count` requests, the same number on each connection.
    pub(crate) fn load(&mut self, count: usize) -> Result<Load, String> {
        let streams = &mut self.streams;
        let loading = async { tokio::time::timeout(LIMIT, load(streams, count)).await };
        let loaded = self.runtime.block_on(loading);
        loaded
            .map_err(|_| format!("{count} requests were not answered within {LIMIT:?}"))?
            .map_err(|error| error.to_string())
    }
}

async fn connect(address: SocketAddr, connections: usize) -> io::Result<Vec<TcpStream>> {
    let mut streams = Vec::new();
    for _ in 0..connections {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    Ok(streams)
}

async fn load(streams: &mut Vec<TcpStream>, count: usize) -> io::Result<Load> {
    let each = count / streams.len();
    let begun = Instant::now();
    let mut conversations = JoinSet::new();
    for stream in streams.drain(..) {
        conversations.spawn(converse(stream, each));
    }
    let mut times = Vec::with_capacity(count);
    while let Some(conversation) = conversations.join_next().await {
        let (stream, taken) = conversation.map_err(io::Error::other)??;
        streams.push(stream);
        times.extend(taken);
    }
    let time = begun.elapsed();
    times.sort_unstable();
    Ok(Load { time, p99: times.get(times.len() * 99 / 100).copied().unwrap_or_default() })
}

/// The connection, and how long each request took.
async fn converse(mut stream: TcpStream, count: usize) -> io::Result<(TcpStream, Vec<Duration>)> {
    let mut times = Vec::with_capacity(count);
    let mut buffer = [0; 4096];
    for _ in 0..count {
        let begun = Instant::now();
        stream.write_all(REQUEST.as_bytes()).await?;
        let mut filled = 0;
        while !is_answered(&buffer[..filled])? {
            match stream.read(&mut buffer[filled..]).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => filled += read,
            }
        }
        times.push(begun.elapsed());
    }
    Ok((stream, times))
}

/// Whether the response is complete; an error if it is not the expected one.
fn is_answered(answer: &[u8]) -> io::Result<bool> {
    if answer.starts_with(b"HTTP/1.1 200 ") && answer.ends_with(REPLY) {
        return Ok(true);
    }
    let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
        return Ok(false);
    };
    let (head, body) = (&answer[..end], &answer[end + 4..]);
    if head.starts_with(b"HTTP/1.1 200 ") && REPLY.starts_with(body) {
        return Ok(false);
    }
    Err(io::Error::other(format!("not the answer: {}", String::from_utf8_lossy(answer))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_complete_with_its_last_byte_and_another_one_is_an_error() {
        let answer = [b"HTTP/1.1 200 OK\r\ncontent-length: 28\r\n\r\n", REPLY].concat();
        for length in 0..answer.len() {
            assert_eq!(is_answered(&answer[..length]).ok(), Some(false), "{length}");
        }
        assert_eq!(is_answered(&answer).ok(), Some(true));
        assert!(is_answered(b"HTTP/1.1 500 Internal Server Error\r\n\r\n{}").is_err());
        assert!(is_answered(b"HTTP/1.1 200 OK\r\n\r\n{\"message\":\"Hello, Eve!").is_err());
    }

    #[test]
    fn the_request_has_the_length_that_it_says() {
        let (_, body) = REQUEST.split_once("\r\n\r\n").expect("there is a body");
        assert!(REQUEST.contains(&format!("Content-Length: {}\r\n", body.len())));
    }
}
