//! An HTTP function for tests of the emulator, in nothing but the standard library: the path of
//! each request says what it does.
//!
//! `/echo` responds with the request as JSON, `/status/N` with this status, `/say/TEXT` writes a
//! line, `/cookies` has headers of all kinds, `/length/N` and `/chunked/N` respond with so many
//! bytes, `/endless` with chunks for as long as they are read, `/tick` with a chunk and then waits,
//! `/meet` waits until another request is there, `/close` responds until the end of the connection;
//! `/cut`, `/garbage` and `/nothing` are no complete responses; `/exit/N`, `/hang`, `/allocate/MB`.
//!
//! It listens on `PORT`, or on `LISTEN_ON`. With `AT_START=exit` it exits with code 7 before, and
//! with `AT_START=hang` it never listens.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Barrier;
use std::thread;

use serde_json::json;

struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

fn main() -> io::Result<()> {
    match std::env::var("AT_START").as_deref() {
        Ok("exit") => {
            eprintln!("no database");
            std::process::exit(7);
        }
        Ok("hang") => loop {
            thread::park();
        },
        _ => {}
    }
    let port = std::env::var("LISTEN_ON").or_else(|_| std::env::var("PORT"));
    let port: u16 = port.ok().and_then(|port| port.parse().ok()).ok_or(io::ErrorKind::NotFound)?;
    let listener = TcpListener::bind(("127.0.0.1", port))
        .inspect_err(|error| eprintln!("cannot listen on {port}: {error}"))?;
    println!("listening");
    let meeting: &Barrier = Box::leak(Box::new(Barrier::new(2)));
    for socket in listener.incoming() {
        let socket = socket?;
        // The caller may have gone away.
        thread::spawn(move || drop(serve(socket, meeting)));
    }
    Ok(())
}

fn serve(socket: TcpStream, meeting: &Barrier) -> io::Result<()> {
    let mut reader = BufReader::new(socket);
    let request = receive(&mut reader)?;
    let mut socket = reader.into_inner();
    let path = request.target.split('?').next().unwrap_or_default().to_owned();
    let mut parts = path.trim_start_matches('/').splitn(2, '/');
    let (what, argument) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let number: usize = argument.parse().unwrap_or(0);
    match what {
        "echo" => {
            let echo = json!({
                "method": request.method,
                "target": request.target,
                "headers": request.headers,
                "body": String::from_utf8_lossy(&request.body),
                "environment": std::env::vars().collect::<Vec<_>>(),
            });
            respond(&mut socket, 200, echo.to_string().as_bytes())
        }
        "status" => respond(&mut socket, number, b""),
        "say" => {
            println!("{argument}");
            respond(&mut socket, 200, b"said")
        }
        "cookies" => socket.write_all(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nset-cookie: a=1\r\nSet-Cookie: b=2\r\nConnection: close, X-Hop\r\n\
              X-Hop: 1\r\nKeep-Alive: timeout=5\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        ),
        "length" => respond(&mut socket, 200, &vec![b'x'; number]),
        "chunked" => {
            begin_chunks(&mut socket)?;
            chunk(&mut socket, &vec![b'x'; number])?;
            socket.write_all(b"0\r\n\r\n")
        }
        "endless" => {
            begin_chunks(&mut socket)?;
            while chunk(&mut socket, &[b'x'; 10_000]).is_ok() {}
            println!("the caller has gone");
            Ok(())
        }
        "tick" => {
            begin_chunks(&mut socket)?;
            chunk(&mut socket, b"tick")?;
            // Until the caller closes the connection.
            let _ = socket.read(&mut [0]);
            println!("the caller has gone");
            Ok(())
        }
        "meet" => {
            meeting.wait();
            respond(&mut socket, 200, b"met")
        }
        "close" => socket.write_all(b"HTTP/1.0 200 OK\r\n\r\nuntil the end"),
        "cut" => socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
        "garbage" => socket.write_all(b"this is not HTTP\r\n\r\n"),
        "nothing" => Ok(()),
        "exit" => {
            println!("exiting");
            std::process::exit(i32::try_from(number).unwrap_or(1))
        }
        "hang" => {
            println!("waiting");
            loop {
                thread::park();
            }
        }
        "allocate" => {
            // Written to, so that the pages are there.
            let bytes = vec![1_u8; number << 20];
            println!("allocated {} bytes", bytes.len());
            thread::park();
            respond(&mut socket, 200, &bytes[..1])
        }
        _ => respond(&mut socket, 404, b"there is nothing"),
    }
}

fn respond(socket: &mut TcpStream, status: usize, body: &[u8]) -> io::Result<()> {
    let length = body.len();
    write!(socket, "HTTP/1.1 {status} Scripted\r\nContent-Length: {length}\r\n\r\n")?;
    socket.write_all(body)
}

fn begin_chunks(socket: &mut TcpStream) -> io::Result<()> {
    socket.write_all(
        b"HTTP/1.1 201 Created\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
    )
}

fn chunk(socket: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    write!(socket, "{:x}\r\n", bytes.len())?;
    socket.write_all(bytes)?;
    socket.write_all(b"\r\n")
}

fn receive(reader: &mut BufReader<TcpStream>) -> io::Result<Request> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (method, target) = (method.to_owned(), target.to_owned());
    let (mut headers, mut length) = (Vec::new(), 0);
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = header.trim_end().split_once(": ") else {
            if header == "\r\n" {
                break;
            }
            // An empty value.
            headers.push((header.trim_end().trim_end_matches(':').to_owned(), String::new()));
            continue;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().unwrap_or(0);
        }
        headers.push((name.to_owned(), value.to_owned()));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Request { method, target, headers, body })
}
