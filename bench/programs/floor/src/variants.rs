//! The same with larger events, which are always borrowed here, with responses of the same size,
//! and with log lines.

#[cfg(feature = "counting")]
mod counting;
mod runtime_api;

use std::io::{self, Write};

fn main() -> io::Result<()> {
    let lines: usize = std::env::var("BENCH_LOG_LINES").unwrap_or_default().parse().unwrap_or(0);
    let is_echo = std::env::var("BENCH_EVENT").is_ok_and(|event| event == "echo");
    let mut api = runtime_api::RuntimeApi::connect()?;
    let mut reply = Vec::new();
    loop {
        let event = api.next()?;
        let name = runtime_api::text_of(event, "\"name\":\"");
        let text = runtime_api::text_of(event, "\"text\":\"");
        #[cfg(feature = "counting")]
        counting::report_if_asked(name);
        for line in 0..lines {
            println!("line {line} for {name}");
        }
        reply.clear();
        if is_echo {
            reply.extend_from_slice(b"{\"message\":\"");
            reply.extend_from_slice(text.as_bytes());
            reply.extend_from_slice(b"\"}");
        } else {
            write!(reply, "{{\"message\":\"Hello, {name}!\",\"length\":{}}}", text.len())?;
        }
        api.answer(&reply)?;
    }
}
