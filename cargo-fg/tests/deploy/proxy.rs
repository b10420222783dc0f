//! A proxy between `cargo fg` and the platform, which records each request and does to it what the
//! test says.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::fg::LIMIT;

/// A request as it was sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Recorded {
    pub(crate) method: String,
    /// Decoded, without the query.
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
}

impl Recorded {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Whether it only reads. Logs are asked for with a POST.
    pub(crate) fn reads(&self) -> bool {
        self.method == "GET" || self.path.ends_with("/content/query")
    }

    /// The method and the last parts of the path, which say what it does.
    pub(crate) fn title(&self) -> String {
        let path = self.path.split("/fgs").last().unwrap_or_default();
        let path = path.replace(&crate::platform::urn(""), "URN");
        format!("{} {path}", self.method)
    }
}

/// What is done to a request.
#[derive(Clone, Debug)]
pub(crate) enum Deal {
    Forward,
    /// It is not forwarded; this is the answer: status, further headers, body.
    Answer(u16, String, String),
    /// It is forwarded, but this is the answer.
    AnswerAfter(u16, String, String),
    /// The connection is closed, and it is not forwarded.
    CutBefore,
    /// The connection is closed after it was forwarded and carried out.
    CutAfter,
    /// It is forwarded, but there is no answer until the client closes the connection.
    Swallow,
}

/// Says what is done to the request of this number, which is counted from 0.
type Rule = Arc<dyn Fn(usize, &Recorded) -> Deal + Send + Sync>;

/// The proxy. Its threads end with the process.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: SocketAddr,
    state: Mutex<State>,
}

struct State {
    recorded: Vec<Recorded>,
    rule: Rule,
}

impl Proxy {
    /// One that forwards.
    pub(crate) fn start(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = State { recorded: Vec::new(), rule: Arc::new(|_, _| Deal::Forward) };
        let shared = Arc::new(Shared { upstream, state: Mutex::new(state) });
        let served = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&served);
                // A client that has gone is no error of the proxy.
                std::thread::spawn(move || drop(shared.serve(&client)));
            }
        });
        Self { address, shared }
    }

    /// Counts from 0 again, and does what the rule says.
    pub(crate) fn set(&self, rule: impl Fn(usize, &Recorded) -> Deal + Send + Sync + 'static) {
        let mut state = self.shared.state.lock().expect("no thread has panicked");
        *state = State { recorded: Vec::new(), rule: Arc::new(rule) };
    }

    /// The requests since the last time, or since the last rule.
    pub(crate) fn take(&self) -> Vec<Recorded> {
        let mut state = self.shared.state.lock().expect("no thread has panicked");
        std::mem::take(&mut state.recorded)
    }
}

impl Shared {
    /// Serves one request; the client makes a new connection for the next.
    fn serve(&self, client: &TcpStream) -> io::Result<()> {
        client.set_read_timeout(Some(LIMIT))?;
        let (head, body) = read(client)?;
        let recorded = recorded(&head, &body);
        let (number, rule) = {
            let mut state = self.state.lock().expect("no thread has panicked");
            state.recorded.push(recorded.clone());
            (state.recorded.len() - 1, Arc::clone(&state.rule))
        };
        match rule(number, &recorded) {
            Deal::Forward => (&*client).write_all(&self.forward(&head, &body)?),
            Deal::Answer(status, headers, body) => answer(client, status, &headers, &body),
            Deal::AnswerAfter(status, headers, instead) => {
                self.forward(&head, &body)?;
                answer(client, status, &headers, &instead)
            }
            Deal::CutBefore => Ok(()),
            Deal::CutAfter => self.forward(&head, &body).map(drop),
            Deal::Swallow => {
                self.forward(&head, &body)?;
                (&*client).read_to_end(&mut Vec::new()).map(drop)
            }
        }
    }

    /// The whole answer of the platform.
    fn forward(&self, head: &str, body: &[u8]) -> io::Result<Vec<u8>> {
        let mut upstream = TcpStream::connect(self.upstream)?;
        // Not signed, so that it can be added.
        let (line, rest) = head.split_once("\r\n").unwrap_or((head, ""));
        upstream.write_all(format!("{line}\r\nConnection: close\r\n{rest}").as_bytes())?;
        upstream.write_all(body)?;
        let mut answer = Vec::new();
        upstream.read_to_end(&mut answer)?;
        Ok(answer)
    }
}

/// The head of a request, with the empty line, and its body.
fn read(client: &TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut reader = BufReader::new(client);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    Ok((head, body))
}

fn recorded(head: &str, body: &[u8]) -> Recorded {
    let mut words = head.split(' ');
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    let path = path.replace("%3A", ":").replace("%21", "!");
    Recorded { method, path, body: body.to_vec() }
}

fn answer(mut client: &TcpStream, status: u16, headers: &str, body: &str) -> io::Result<()> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    client.write_all(format!("{head}{body}").as_bytes())
}
