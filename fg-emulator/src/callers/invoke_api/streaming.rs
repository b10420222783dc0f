//! A synchronous call whose reply is passed on while the function writes it.

use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::call;
use crate::execution::platform_error::PlatformError;
use crate::execution::{Execution, Outcome};
use crate::http::request_parser::{Request, peek_first_byte};
use crate::http::response::{Reply, header_of, write_chunk};
use crate::instances::pool::Pool;
use crate::runtime_api::chunk_queue::{End, Next, Stream};
use crate::runtime_api::event::Event;
use crate::settings::Settings;

/// The end of a chunked body.
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Invokes the function. A reply that it streams is written to the socket as it comes, and ends the
/// connection; every other one is returned.
pub(super) fn invoke(
    pool: &Pool,
    event: Event,
    request: &Request,
    socket: &TcpStream,
) -> io::Result<Option<Reply>> {
    if call::is_v1(request) || !pool.settings().streams {
        return Ok(Some(call::show(&pool.run(event), request)));
    }
    let request_id = event.id().to_owned();
    let stream = Arc::new(Stream::for_a_reader());
    thread::scope(|scope| {
        let running = scope.spawn(|| pool.run_streaming(event, &stream));
        let Some(headers) = stream.wait_for_head() else {
            let execution =
                running.join().map_err(|_| io::Error::other("the invocation panicked"))?;
            return Ok(Some(call::show(&execution, request)));
        };
        scope.spawn(|| {
            // The caller has nothing more to say: what comes is the end, its own or that of the
            // reply.
            if peek_first_byte(socket).is_none() {
                stream.abandon();
            }
        });
        let passed_on = pass_on(&stream, head(&request_id, &headers), socket);
        // The socket's end is also that of the thread that waits for the caller's. An error means
        // that the caller was faster.
        if matches!(passed_on, Ok(End::Complete)) {
            // As with every other reply, the instance is free when the caller has all of it. A
            // panic has been reported.
            let _ = running.join();
            let written = { socket }.write_all(LAST_CHUNK);
            let _ = socket.shutdown(Shutdown::Both);
            return written.map(|()| None);
        }
        stream.abandon();
        let _ = socket.shutdown(Shutdown::Both);
        if let Ok(Execution { outcome: Outcome::Platform(error), .. }) = running.join() {
            tell(pool.settings(), &request_id, &error);
        }
        passed_on.map(|_| None)
    })
}

/// The caller has its status and part of the reply, and cannot be told any more.
fn tell(settings: &Settings, request_id: &str, error: &PlatformError) {
    if let Some(log) = &settings.log {
        log(&format!(
            "the streamed reply to request {request_id} is not complete: {}",
            error.platform_text()
        ));
    }
}

fn head(request_id: &str, headers: &[(String, String)]) -> Reply {
    let content_type = header_of(headers, "Content-Type").filter(|value| !value.is_empty());
    let headers = [
        ("Content-Type", content_type.unwrap_or("application/octet-stream")),
        ("X-Cff-Request-Id", request_id),
        ("X-Request-Id", request_id),
        ("X-Cff-Response-Version", "v0"),
        ("X-Func-Err-Code", "0"),
        ("X-Is-Func-Err", "false"),
        ("Connection", "close"),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Reply { headers: headers.into(), ..Reply::empty(200) }
}

/// Writes all but the last chunk, which only a complete reply has, so that the caller can tell.
fn pass_on(stream: &Stream, head: Reply, mut socket: &TcpStream) -> io::Result<End> {
    socket.write_all(&head.chunked_head())?;
    let mut chunk = Vec::new();
    loop {
        match stream.next(Duration::MAX) {
            Next::Piece(piece) => {
                chunk.clear();
                write_chunk(&mut chunk, &piece, "");
                socket.write_all(&chunk)?;
            }
            Next::End(end) => return Ok(end),
            Next::Nothing => {}
        }
    }
}
