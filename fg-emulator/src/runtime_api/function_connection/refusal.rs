//! What is refused: strangers, and requests that the protocol does not have, each with what is
//! wrong with it.

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use super::{Connection, Next, announced};
use crate::http::cross_site::Door;
use crate::http::request_parser::{Endpoint, Request, let_go};
use crate::http::response::Reply;
use crate::printable::excerpt;
use crate::runtime_api::peer::{Standing, Stranger};
use crate::runtime_api::state::{Shared, State};

/// What a request is to look like, for those that do not.
const PROTOCOL: &str = "FunctionGraph's Runtime API is GET /v1/runtime/invocation/request, and POST /v1/runtime/invocation/response/{request id} \
     or /v1/runtime/invocation/error/{request id}";

/// How much of a target is repeated, in characters.
const REPEATED: usize = 200;

/// So much is taken of what a stranger sends, in bytes.
const AFTER_STRANGER: usize = 64 << 10;

/// Whether the other side may ask for this, as far as it is known; `Err` says why not.
pub(super) fn let_in(standing: &Standing, head: &Request) -> Result<(), String> {
    match standing {
        // It cannot take an event any more. What it answers has a request id that no other process
        // knows.
        Standing::Gone if head.endpoint() == Endpoint::Poll => {
            Err("the connection was closed before it could be looked at".into())
        }
        Standing::Own | Standing::Stranger(_) | Standing::Gone => Ok(()),
        Standing::Unknown => Door::new(Ipv4Addr::LOCALHOST.into())
            .check_lenient(head)
            .map_err(|refused| refused.reason),
    }
}

/// A stranger gets an answer, and nothing that it sends is looked at.
pub(super) fn refuse_stranger(shared: &Shared, mut socket: &TcpStream, stranger: &Stranger) {
    let reason = stranger.refusal();
    shared.tell_of_stranger(stranger.process.as_ref().map(|(id, _)| *id), &reason);
    if socket.write_all(&announced(Reply::text(403, reason), false).sized()).is_ok() {
        let_go(socket, AFTER_STRANGER, Duration::from_millis(200));
    }
}

impl Connection<'_> {
    pub(super) fn refuse_method(self, request: &Request) -> io::Result<Next> {
        let text = format!(
            "{} is not a method of {}: {PROTOCOL}",
            request.method,
            excerpt(&request.target, REPEATED)
        );
        self.send(announced(self.refusal(request, 405, text), request.keep_alive), None)
    }

    pub(super) fn refuse_target(self, request: &Request) -> io::Result<Next> {
        let cloud = other_cloud(&request.target);
        let whose = cloud.map(|cloud| format!("; this is a path of {cloud}")).unwrap_or_default();
        if cloud.is_some() {
            self.shared.update(State::note_foreign);
        }
        let text = format!(
            "there is nothing at {}{whose}: {PROTOCOL}",
            excerpt(&request.target, REPEATED)
        );
        self.send(announced(self.refusal(request, 404, text), request.keep_alive), None)
    }

    pub(super) fn refuse_second_answer(self, request: &Request) -> Reply {
        self.refusal(
            request,
            400,
            format!("{} is answered already", excerpt(&request.target, REPEATED)),
        )
    }

    pub(super) fn refuse_unknown_id(self, request: &Request) -> Reply {
        let waiting = self.shared.read(State::waits_for_answer);
        let waiting = waiting
            .map(|id| format!("; the one that waits for its answer is {id:?}"))
            .unwrap_or_default();
        let target = excerpt(&request.target, REPEATED);
        self.refusal(request, 404, format!("{target}: no such invocation was handed out{waiting}"))
    }

    fn refusal(self, request: &Request, status: u16, text: String) -> Reply {
        let line = format!("{} {}", request.method, excerpt(&request.target, REPEATED));
        self.note_refusal(&line, &format!("{status}, {text}"));
        Reply::text(status, text)
    }

    /// Kept for the message that says why there is no answer.
    pub(super) fn note_refusal(self, what: &str, why: &str) {
        self.shared.update(|state| state.note_refusal(format!("{what} was refused with {why}")));
    }
}

/// Whose custom runtimes have such paths.
fn other_cloud(target: &str) -> Option<&'static str> {
    match target.split('/').nth(1)? {
        "2018-06-01" => Some("AWS Lambda's Runtime API"),
        "runtime" => Some("the Runtime API of Tencent Cloud's SCF"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_system_does_not_tell_who_asks_a_web_page_is_told_by_what_it_sends() {
        let request = |method: &str, target: &str, headers: &[(&str, &str)]| {
            let headers = headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            Request { method: method.into(), target: target.into(), headers, ..Request::default() }
        };
        let poll =
            |headers: &[(&str, &str)]| request("GET", "/v1/runtime/invocation/request", headers);
        for own in [&[][..], &[("Host", "127.0.0.1:9")], &[("Host", "localhost:9")]] {
            assert_eq!(let_in(&Standing::Unknown, &poll(own)), Ok(()), "{own:?}");
        }
        for page in [
            &[("Host", "rebind.evil.example:9")][..],
            &[("Host", "127.0.0.1:9"), ("Origin", "http://evil.example")],
            &[("Host", "127.0.0.1:9"), ("Sec-Fetch-Site", "cross-site")],
        ] {
            assert!(let_in(&Standing::Unknown, &poll(page)).is_err(), "{page:?}");
        }
        assert!(let_in(&Standing::Gone, &poll(&[])).is_err());
        assert_eq!(
            let_in(&Standing::Gone, &request("POST", "/v1/runtime/invocation/response/r-1", &[])),
            Ok(())
        );
    }
}
