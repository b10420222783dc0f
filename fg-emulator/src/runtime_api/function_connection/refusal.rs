//! Refuses strangers, and requests that the protocol does not have, with a message that says why.

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use super::Connection;
use super::responder::AfterResponse;
use crate::http::cross_site::CrossSiteGuard;
use crate::http::request::Request;
use crate::http::response::Response;
use crate::http::socket::lingering_close;
use crate::printable::excerpt;
use crate::runtime_api::endpoint::Endpoint;
use crate::runtime_api::peer::{PeerIdentity, Stranger};
use crate::runtime_api::state::{Shared, State};

/// The requests of the protocol, for messages.
const PROTOCOL: &str = "FunctionGraph's Runtime API is GET /v1/runtime/invocation/request, and POST /v1/runtime/invocation/response/{request id} \
     or /v1/runtime/invocation/error/{request id}";

/// How much of a target is repeated in a message, in characters.
const MAX_QUOTED: usize = 200;

/// How many bytes of a stranger's request are discarded after the response.
const MAX_DISCARDED: usize = 64 << 10;

/// Whether a peer that is not a stranger may send this request; `Err` says why not.
pub(super) fn check_peer(peer: &PeerIdentity, head: &Request) -> Result<(), String> {
    match peer {
        // It cannot receive an event any more. An answer is safe: no other process knows the
        // request id.
        PeerIdentity::Gone if Endpoint::of(head) == Endpoint::Poll => {
            Err("the connection was closed before its process could be identified".into())
        }
        PeerIdentity::Owner | PeerIdentity::Stranger(_) | PeerIdentity::Gone => Ok(()),
        PeerIdentity::Unknown => CrossSiteGuard::new(Ipv4Addr::LOCALHOST.into())
            .check_headers(head)
            .map_err(|rejection| rejection.reason),
    }
}

/// Sends a stranger a refusal without reading its request.
pub(super) fn refuse_stranger(shared: &Shared, mut socket: &TcpStream, stranger: &Stranger) {
    let reason = stranger.refusal();
    shared.report_stranger(stranger.process.as_ref().map(|(id, _)| *id), &reason);
    let response = Response::text(403, reason).closing_unless(false);
    if socket.write_all(&response.sized()).is_ok() {
        lingering_close(socket, MAX_DISCARDED, Duration::from_millis(200));
    }
}

impl Connection<'_> {
    pub(super) fn refuse_method(self, request: &Request) -> io::Result<AfterResponse> {
        let target = excerpt(&request.target, MAX_QUOTED);
        let message = format!("{} is not a method of {target}: {PROTOCOL}", request.method);
        let response = self.refuse(request, 405, message);
        self.send(response.closing_unless(request.keep_alive), None)
    }

    pub(super) fn refuse_target(self, request: &Request) -> io::Result<AfterResponse> {
        let cloud = other_cloud(&request.target);
        let hint = cloud.map(|cloud| format!("; this is a path of {cloud}")).unwrap_or_default();
        if cloud.is_some() {
            self.shared.update(State::mark_foreign_protocol);
        }
        let target = excerpt(&request.target, MAX_QUOTED);
        let message = format!("there is nothing at {target}{hint}: {PROTOCOL}");
        let response = self.refuse(request, 404, message);
        self.send(response.closing_unless(request.keep_alive), None)
    }

    pub(super) fn refuse_second_answer(self, request: &Request) -> Response {
        let target = excerpt(&request.target, MAX_QUOTED);
        self.refuse(request, 400, format!("{target} is answered already"))
    }

    pub(super) fn refuse_unknown_id(self, request: &Request) -> Response {
        let unanswered = self.shared.read(State::unanswered_request_id);
        let hint = unanswered
            .map(|id| format!("; the one that waits for its answer is {id:?}"))
            .unwrap_or_default();
        let target = excerpt(&request.target, MAX_QUOTED);
        self.refuse(request, 404, format!("{target}: no such invocation was handed out{hint}"))
    }

    fn refuse(self, request: &Request, status: u16, message: String) -> Response {
        let line = format!("{} {}", request.method, excerpt(&request.target, MAX_QUOTED));
        self.record_refusal(&line, &format!("{status}, {message}"));
        Response::text(status, message)
    }

    /// Records a refusal for the message that explains why an invocation has no answer.
    pub(super) fn record_refusal(self, what: &str, why: &str) {
        self.shared.update(|state| state.record_refusal(format!("{what} was refused with {why}")));
    }
}

/// The cloud whose custom runtimes have such paths.
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
            assert_eq!(check_peer(&PeerIdentity::Unknown, &poll(own)), Ok(()), "{own:?}");
        }
        for page in [
            &[("Host", "rebind.evil.example:9")][..],
            &[("Host", "127.0.0.1:9"), ("Origin", "http://evil.example")],
            &[("Host", "127.0.0.1:9"), ("Sec-Fetch-Site", "cross-site")],
        ] {
            assert!(check_peer(&PeerIdentity::Unknown, &poll(page)).is_err(), "{page:?}");
        }
        assert!(check_peer(&PeerIdentity::Gone, &poll(&[])).is_err());
        assert_eq!(
            check_peer(
                &PeerIdentity::Gone,
                &request("POST", "/v1/runtime/invocation/response/r-1", &[])
            ),
            Ok(())
        );
    }
}
