//! A function for tests of the emulator, in nothing but the standard library: each event says what
//! it does.
//!
//! The event is a JSON object: `say` is written to standard output, `complain` to standard error,
//! `print` to standard output without a line end; after the answer `after` is written,
//! `print_after` without a line end, or `exit_after` is the code of its exit. Then `do` happens:
//! `response` (the default, with the bytes of `text`), `size` (a response of so many `bytes`),
//! `chunks` (the same in chunked transfer encoding), `stream` (a chunk of so many `bytes`, so many
//! `times`, and then the last chunk, or what `then` says: `cut`, `exit`, `hang`), `environment` (a
//! response with the variables), `fail`, `exit`, `loop`, `hang`, `allocate` (so many `megabytes`,
//! and then `hang`). The variable `AT_START` makes the same happen before the first poll. With the
//! variable `ECHO` the response to an event of API Gateway is an HTTP response whose body is the
//! event.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

pub(crate) fn main() -> io::Result<()> {
    if let Ok(script) = std::env::var("AT_START") {
        act(&serde_json::from_str(&script)?);
    }
    let address = std::env::var("RUNTIME_API_ADDR").map_err(io::Error::other)?;
    let mut api = BufReader::new(TcpStream::connect(&address)?);
    loop {
        let (id, event) = ask(&mut api, "GET /v1/runtime/invocation/request", b"")?;
        let mut script = serde_json::from_slice(&event).unwrap_or(json!({}));
        if script["httpMethod"].is_string() && std::env::var_os("ECHO").is_some() {
            let echo = json!({"statusCode": 200, "body": script.to_string()});
            script = json!({"text": echo.to_string()});
        }
        if script["do"] == "stream" {
            // A stream that is cut, or refused, ends its connection.
            if !stream(&mut api, &id, &script).unwrap_or(false) {
                api = BufReader::new(TcpStream::connect(&address)?);
            }
            continue;
        }
        let (kind, answer) = act(&script);
        let line = format!("POST /v1/runtime/invocation/{kind}/{id}");
        if script["do"] == "chunks" {
            write!(
                api.get_mut(),
                "{line} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n",
                answer.len()
            )?;
            api.get_mut().write_all(&answer)?;
            api.get_mut().write_all(b"\r\n0\r\n\r\n")?;
            receive(&mut api)?;
        } else {
            ask(&mut api, &line, &answer)?;
        }
        if let Some(text) = script["after"].as_str() {
            println!("{text}");
        }
        if let Some(text) = script["print_after"].as_str() {
            print!("{text}");
            io::stdout().flush()?;
        }
        if let Some(code) = script["exit_after"].as_i64() {
            std::process::exit(i32::try_from(code).unwrap_or(1));
        }
    }
}

fn act(script: &Value) -> (&'static str, Vec<u8>) {
    if let Some(text) = script["say"].as_str() {
        println!("{text}");
    }
    if let Some(text) = script["print"].as_str() {
        print!("{text}");
        // The test sees what is missing.
        let _ = io::stdout().flush();
    }
    if let Some(text) = script["complain"].as_str() {
        eprintln!("{text}");
    }
    match script["do"].as_str() {
        Some("exit") => {
            std::process::exit(i32::try_from(script["code"].as_i64().unwrap_or(0)).unwrap_or(1))
        }
        #[allow(clippy::empty_loop, reason = "it is what a test asks for")]
        Some("loop") => loop {},
        Some("hang") => loop {
            std::thread::park();
        },
        Some("allocate") => {
            let megabytes = usize::try_from(script["megabytes"].as_u64().unwrap_or(0)).unwrap_or(0);
            // Written to, so that the pages are there.
            let bytes = vec![1_u8; megabytes << 20];
            println!("allocated {} bytes", std::hint::black_box(&bytes).len());
            loop {
                std::thread::park();
            }
        }
        Some("fail") => (
            "error",
            json!({"errorMessage": script["text"], "errorType": "Scripted"})
                .to_string()
                .into_bytes(),
        ),
        Some("size" | "chunks") => (
            "response",
            vec![b'x'; usize::try_from(script["bytes"].as_u64().unwrap_or(0)).unwrap_or(0)],
        ),
        Some("environment") => {
            let mut variables: Vec<_> =
                std::env::vars().map(|(name, value)| format!("{name}={value}")).collect();
            variables
                .push(format!("PWD_IS={}", std::env::current_dir().unwrap_or_default().display()));
            ("response", variables.join("\n").into_bytes())
        }
        _ => ("response", script["text"].as_str().unwrap_or_default().as_bytes().to_vec()),
    }
}

/// Tells whether the connection can go on.
fn stream(api: &mut BufReader<TcpStream>, id: &str, script: &Value) -> io::Result<bool> {
    let number = |key: &str| usize::try_from(script[key].as_u64().unwrap_or(0)).unwrap_or(0);
    let chunk = vec![b'x'; number("bytes")];
    write!(
        api.get_mut(),
        "POST /v1/runtime/invocation/response/{id} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    )?;
    for _ in 0..number("times") {
        write!(api.get_mut(), "{:x}\r\n", chunk.len())?;
        api.get_mut().write_all(&chunk)?;
        api.get_mut().write_all(b"\r\n")?;
    }
    match script["then"].as_str() {
        Some("cut") => return Ok(false),
        Some(then) => drop(act(&json!({"do": then, "code": 3}))),
        None => {}
    }
    api.get_mut().write_all(b"0\r\n\r\n")?;
    let mut status = String::new();
    api.read_line(&mut status)?;
    let (_, _) = receive(api)?;
    Ok(status.contains(" 200 "))
}

/// Sends a request, and receives what comes back.
fn ask(api: &mut BufReader<TcpStream>, line: &str, body: &[u8]) -> io::Result<(String, Vec<u8>)> {
    write!(
        api.get_mut(),
        "{line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )?;
    api.get_mut().write_all(body)?;
    receive(api)
}

/// Gives the request id, where there is one, and the body.
fn receive(api: &mut BufReader<TcpStream>) -> io::Result<(String, Vec<u8>)> {
    let (mut id, mut length) = (String::new(), 0);
    loop {
        let mut header = String::new();
        if api.read_line(&mut header)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = header.trim_end().split_once(": ") else {
            if header == "\r\n" {
                break;
            }
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "x-cff-request-id" => value.clone_into(&mut id),
            "content-length" => length = value.parse().unwrap_or(0),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    api.read_exact(&mut body)?;
    Ok((id, body))
}
