//! The endpoints of the Runtime API.

use super::answer::AnswerKind;
use crate::http::request::Request;

const POLL_PATH: &str = "/v1/runtime/invocation/request";
const RESPONSE_PATH: &str = "/v1/runtime/invocation/response/";
const ERROR_PATH: &str = "/v1/runtime/invocation/error/";

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Endpoint<'a> {
    Poll,
    /// With the request id in the path.
    Answer(AnswerKind, &'a str),
    WrongMethod,
    Unknown,
}

impl<'a> Endpoint<'a> {
    pub(super) fn of(request: &'a Request) -> Self {
        let (method, target) = (request.method.as_str(), request.target.as_str());
        if target == POLL_PATH {
            return if method == "GET" { Self::Poll } else { Self::WrongMethod };
        }
        let answer = [(RESPONSE_PATH, AnswerKind::Response), (ERROR_PATH, AnswerKind::Error)]
            .into_iter()
            .find_map(|(prefix, kind)| Some((kind, target.strip_prefix(prefix)?)));
        match answer {
            Some((kind, id)) if method == "POST" => Self::Answer(kind, id),
            Some(_) => Self::WrongMethod,
            None => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_is_told_by_method_and_path() {
        for (method, target, endpoint) in [
            ("GET", "/v1/runtime/invocation/request", Endpoint::Poll),
            ("POST", "/v1/runtime/invocation/request", Endpoint::WrongMethod),
            (
                "POST",
                "/v1/runtime/invocation/response/r-1",
                Endpoint::Answer(AnswerKind::Response, "r-1"),
            ),
            (
                "POST",
                "/v1/runtime/invocation/error/r-1",
                Endpoint::Answer(AnswerKind::Error, "r-1"),
            ),
            ("GET", "/v1/runtime/invocation/response/r-1", Endpoint::WrongMethod),
            ("GET", "/v1/runtime/invocation/next", Endpoint::Unknown),
        ] {
            let request =
                Request { method: method.into(), target: target.into(), ..Request::default() };
            assert_eq!(Endpoint::of(&request), endpoint, "{method} {target}");
        }
    }
}
