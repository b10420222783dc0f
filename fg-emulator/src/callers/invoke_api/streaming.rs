//! A synchronous call whose response is sent to the caller while the function writes it.

use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::call;
use crate::execution::platform_error::PlatformError;
use crate::execution::{Execution, Outcome};
use crate::http::request::Request;
use crate::http::response::{Response, find_header, write_chunk};
use crate::http::socket::peek_first_byte;
use crate::instances::pool::Pool;
use crate::runtime_api::chunk_queue::{ChunkQueue, NextChunk, StreamEnd};
use crate::runtime_api::event::Event;
use crate::settings::Settings;

/// The last chunk of a chunked body.
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Invokes the function. A streamed response is written to the socket as it arrives, and ends the
/// connection; any other response is returned.
pub(super) fn invoke(
    pool: &Pool,
    event: Event,
    request: &Request,
    socket: &TcpStream,
) -> io::Result<Option<Response>> {
    if call::is_v1(request) || !pool.settings().streams {
        return Ok(Some(call::response_of(&pool.run(event), request)));
    }
    let request_id = event.id().to_owned();
    let chunks = Arc::new(ChunkQueue::bounded());
    thread::scope(|scope| {
        let invocation = scope.spawn(|| pool.run_streaming(event, &chunks));
        let Some(headers) = chunks.wait_for_head() else {
            let execution =
                invocation.join().map_err(|_| io::Error::other("the invocation panicked"))?;
            return Ok(Some(call::response_of(&execution, request)));
        };
        scope.spawn(|| {
            // The caller has sent its request, so the end of the connection comes next.
            if peek_first_byte(socket).is_none() {
                chunks.abandon();
            }
        });
        let sent = send(&chunks, head(&request_id, &headers), socket);
        // Shutting down the socket also ends the thread that watches it. An error means that the
        // caller has closed it.
        if matches!(sent, Ok(StreamEnd::Complete)) {
            // When the caller has the whole response its instance is idle again, as with any other
            // response. A panic has been reported by the thread itself.
            let _ = invocation.join();
            let written = { socket }.write_all(LAST_CHUNK);
            let _ = socket.shutdown(Shutdown::Both);
            return written.map(|()| None);
        }
        chunks.abandon();
        let _ = socket.shutdown(Shutdown::Both);
        if let Ok(Execution { outcome: Outcome::Platform(error), .. }) = invocation.join() {
            log_incomplete(pool.settings(), &request_id, &error);
        }
        sent.map(|_| None)
    })
}

/// The caller has its status and a part of the response, and cannot get an error any more.
fn log_incomplete(settings: &Settings, request_id: &str, error: &PlatformError) {
    if let Some(sink) = &settings.line_sink {
        sink(&format!(
            "the streamed response to request {request_id} is incomplete: {}",
            error.platform_message()
        ));
    }
}

fn head(request_id: &str, headers: &[(String, String)]) -> Response {
    let content_type = find_header(headers, "Content-Type").filter(|value| !value.is_empty());
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
    Response { headers: headers.into(), ..Response::empty(200) }
}

/// Writes the response without its last chunk, which only a complete response may have.
fn send(chunks: &ChunkQueue, head: Response, mut socket: &TcpStream) -> io::Result<StreamEnd> {
    socket.write_all(&head.chunked_head())?;
    let mut bytes = Vec::new();
    loop {
        match chunks.next(Duration::MAX) {
            NextChunk::Chunk(chunk) => {
                bytes.clear();
                write_chunk(&mut bytes, &chunk, "");
                socket.write_all(&bytes)?;
            }
            NextChunk::End(end) => return Ok(end),
            NextChunk::TimedOut => {}
        }
    }
}
