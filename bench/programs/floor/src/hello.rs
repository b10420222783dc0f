//! The lower bound: blocking sockets, two buffers, JSON parsed by hand, and no check that is not
//! strictly necessary.

#[cfg(feature = "counting")]
mod counting;
mod runtime_api;

use std::io;

fn main() -> io::Result<()> {
    let mut api = runtime_api::RuntimeApi::connect()?;
    let mut reply = Vec::new();
    loop {
        let event = api.next()?;
        let name = runtime_api::text_of(event, "\"name\":\"");
        #[cfg(feature = "counting")]
        counting::report_if_asked(name);
        reply.clear();
        reply.extend_from_slice(b"{\"message\":\"Hello, ");
        reply.extend_from_slice(name.as_bytes());
        reply.extend_from_slice(b"!\"}");
        api.answer(&reply)?;
    }
}
