//! One call of the platform's API: what is asked for, and what the caller sees: the platform's API
//! reference, "executing a function".

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::callers::http_server::refusal;
use crate::callers::signature::decode;
use crate::emulator::async_queue::AsyncQueue;
use crate::emulator::too_large;
use crate::execution::log::Log;
use crate::execution::platform_error::PlatformError;
use crate::execution::{Execution, Outcome};
use crate::http::request_parser::Request;
use crate::http::response::{Reply, header_of};
use crate::instances::pool::Pool;
use crate::printable::excerpt;
use crate::runtime_api::event::Event;
use crate::settings::{ASYNC_LIMIT, MEMORY_SIZES, SYNC_LIMIT, Settings};

/// What a path asks for.
#[derive(Debug, PartialEq, Eq)]
struct Call {
    is_async: bool,
    alias: Option<String>,
}

/// What a request comes to.
#[derive(Debug)]
pub(super) enum Taken {
    /// It is answered at once.
    Answered(Reply),
    /// The function is to be invoked, and the caller waits for what comes of it.
    Event(Event),
}

pub(super) fn take(pool: &Pool, queue: &std::sync::Arc<AsyncQueue>, request: &Request) -> Taken {
    check(pool, queue, request).map_or_else(Taken::Answered, Taken::Event)
}

/// The event of a synchronous call, or the answer to every other request.
fn check(
    pool: &Pool,
    queue: &std::sync::Arc<AsyncQueue>,
    request: &Request,
) -> Result<Event, Reply> {
    let settings = pool.settings();
    if let Some(Err(reason)) = settings.key_pair.as_ref().map(|pair| pair.verify(request)) {
        return Err(refusal(401, "FSS.0401", &reason));
    }
    let call = Call::of(request, settings)?;
    let limit = if call.is_async { ASYNC_LIMIT } else { SYNC_LIMIT };
    let mut event = Event::new(request.body.as_slice());
    if let Some(error) = too_large(&event, limit) {
        return Err(refusal(413, error.code(), &error.platform_text()));
    }
    check_body_and_headers(request)?;
    if let Some(alias) = call.alias {
        event = event.header("X-CFF-Origin-Version-Tag", format!("!{alias}"));
    }
    if !call.is_async {
        return Ok(event);
    }
    Err(match queue.push(event.asynchronous()) {
        Ok(invocation) => {
            let mut reply = json_reply(202, &json!({"request_id": invocation.request_id()}));
            reply.default_header("X-Request-Id", invocation.request_id());
            reply
        }
        Err(error) => refusal_by(&error),
    })
}

/// The platform's answer to an invocation that it does not take.
pub(crate) fn refusal_by(error: &PlatformError) -> Reply {
    refusal(error.http_status(), error.code(), &error.platform_text())
}

fn json_reply(status: u16, body: &Value) -> Reply {
    Reply {
        status,
        headers: vec![("Content-Type".into(), "application/json".into())],
        body: body.to_string().into_bytes(),
    }
}

impl Call {
    fn of(request: &Request, settings: &Settings) -> Result<Self, Reply> {
        let path = request.target.split('?').next().unwrap_or_default();
        let segments = segments(path);
        let segments: Vec<_> = segments.iter().map(String::as_str).collect();
        let path = &excerpt(path, 200);
        let (urn, is_async) = match segments[..] {
            ["v2", _, "fgs", "functions", urn, "invocations"] => (urn, false),
            ["v2", _, "fgs", "functions", urn, "invocations-async"] => (urn, true),
            ["v2", _, "fgs", ..] => return Err(not_emulated(&request.method, path)),
            _ => return Err(refusal(404, "FSS.0404", &format!("there is nothing at {path}"))),
        };
        if request.method != "POST" {
            return Err(refusal(
                405,
                "FSS.0400",
                &format!("{} is not a method of {path}", request.method),
            ));
        }
        let version = version_in(urn, &settings.name).ok_or_else(|| {
            refusal(
                404,
                "FSS.1051",
                &format!("the function {urn} is not here; this is {}", settings.urn()),
            )
        })?;
        match version.strip_prefix('!') {
            Some(alias) => Ok(Self { is_async, alias: Some(alias.to_owned()) }),
            None if ["", "latest", &settings.version].contains(&version) => {
                Ok(Self { is_async, alias: None })
            }
            None => Err(refusal(
                404,
                "FSS.1052",
                &format!("there is no version {version}; this is {}", settings.version),
            )),
        }
    }
}

/// The segments of a path, decoded. Several slashes are one, as in the platform's front.
fn segments(path: &str) -> Vec<String> {
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    segments.map(|segment| String::from_utf8_lossy(&decode(segment)).into_owned()).collect()
}

/// The platform's answer would be another one.
pub(crate) fn not_emulated(method: &str, path: &str) -> Reply {
    let message = format!(
        "{method} {path} is a call of FunctionGraph's API that is not emulated here; POST /v2/PROJECT/fgs/functions/URN/invocations and \
         ../invocations-async are"
    );
    refusal(501, "FSS.0501", &message)
}

/// Whether a path is one of the platform's API, which is never a function's own.
pub(crate) fn is_of_the_api(path: &str) -> bool {
    let segments = segments(path);
    matches!(segments.iter().map(String::as_str).collect::<Vec<_>>()[..], ["v2", _, "fgs", ..])
}

/// Whose invocation a path of this API asks for; nothing where it asks for something else.
pub(crate) fn invoked(path: &str) -> Option<String> {
    let mut segments = segments(path);
    let is_invocation = segments.len() == 6
        && segments[3] == "functions"
        && ["invocations", "invocations-async"].contains(&&*segments[5]);
    is_invocation.then(|| segments.swap_remove(4))
}

/// Whether a URN is of this function.
pub(crate) fn is_for(urn: &str, settings: &Settings) -> bool {
    version_in(urn, &settings.name).is_some()
}

/// The version or `!alias` in a URN of this function, or in one of its short forms; empty where
/// there is none.
fn version_in<'a>(urn: &'a str, name: &str) -> Option<&'a str> {
    let fields: Vec<_> = urn.split(':').collect();
    match fields[..] {
        ["urn", "fss", _, _, "function", _, found] if found == name => Some(""),
        ["urn", "fss", _, _, "function", _, found, version] if found == name => Some(version),
        // Of the shorter ones it is only known how many fields there are; a package may stand
        // before the name, a version behind it.
        [first, ..] if first != "urn" && fields.len() <= 4 => {
            let at = fields.iter().position(|field| *field == name)?;
            Some(fields.get(at + 1).copied().unwrap_or_default())
        }
        _ => None,
    }
}

pub(crate) fn check_body_and_headers(request: &Request) -> Result<(), Reply> {
    if !request.body.is_empty() {
        if let Err(error) = serde_json::from_slice::<IgnoredAny>(&request.body) {
            return Err(refusal(406, "FSS.0406", &format!("the body is not JSON: {error}")));
        }
    }
    match header_of(&request.headers, "X-Cff-Instance-Memory") {
        Some(size) if !size.parse().is_ok_and(|size| MEMORY_SIZES.contains(&size)) => {
            Err(refusal(406, "FSS.0406", &format!("X-Cff-Instance-Memory cannot be {size}")))
        }
        _ => Ok(()),
    }
}

/// Whether the answer is JSON around the result, which cannot be streamed.
pub(super) fn is_v1(request: &Request) -> bool {
    header_of(&request.headers, "X-CFF-Request-Version")
        .is_some_and(|version| version.eq_ignore_ascii_case("v1"))
}

/// What the caller of a synchronous invocation sees.
pub(super) fn show(execution: &Execution, request: &Request) -> Reply {
    let Execution { outcome, summary, log } = execution;
    if let Outcome::Platform(error) = outcome {
        if error.http_status() != 200 {
            let mut reply = refusal_by(error);
            reply.default_header("X-Request-Id", &summary.request_id);
            return reply;
        }
    }
    let (error_code, status) = match outcome {
        Outcome::Reply(_) | Outcome::Streamed { .. } => ("0", 200),
        Outcome::Failure(_) => ("4002", 500),
        Outcome::Platform(error) => (error.code(), 500),
    };
    let wants_log = header_of(&request.headers, "X-Cff-Log-Type")
        .is_some_and(|value| value.eq_ignore_ascii_case("tail"));
    let log = if wants_log { BASE64_STANDARD.encode(log.tail(Log::SHORT)) } else { String::new() };
    let is_v1 = is_v1(request);
    let body = if is_v1 {
        let result = String::from_utf8_lossy(&outcome.body()).into_owned();
        let body = json!({"result": result, "log": log, "status": status, "request_id": summary.request_id});
        body.to_string().into_bytes()
    } else {
        outcome.body().into_owned()
    };
    let mut headers: Vec<(String, String)> = [
        ("Content-Type", "application/json"),
        ("X-Cff-Request-Id", &summary.request_id),
        ("X-Cff-Invoke-Summary", &summary.to_json()),
        ("X-CFF-Billing-Duration", &summary.billed_duration.as_millis().to_string()),
        ("X-Cff-Response-Version", if is_v1 { "v1" } else { "v0" }),
        ("X-Func-Err-Code", error_code),
        ("X-Is-Func-Err", if outcome.is_reply() { "false" } else { "true" }),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    if wants_log {
        headers.push(("X-Cff-Function-Log".into(), log));
    }
    Reply { status: 200, headers, body }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_the_platforms_paths_are_the_platforms() {
        for path in [
            "/v2/p/fgs",
            "/v2/p/fgs/quotas",
            "/v2/p/fgs/functions/a/config",
            "/v2/p/%66gs/dependencies",
            "//v2//p/fgs/x",
            "/v2/p/fgs/",
        ] {
            assert!(is_of_the_api(path), "{path}");
            assert_eq!(invoked(path), None, "{path}");
        }
        for path in [
            "/",
            "/v2",
            "/v2/p",
            "/v2/p/fgsx/functions",
            "/v1/p/fgs/functions",
            "/x/v2/p/fgs/functions",
        ] {
            assert!(!is_of_the_api(path), "{path}");
        }
        assert_eq!(
            invoked("/v2/p/fgs/functions/urn%3Afss/invocations-async").as_deref(),
            Some("urn:fss")
        );
    }

    #[test]
    fn a_function_is_found_by_its_urn_and_by_the_short_forms() {
        for (urn, version) in [
            ("urn:fss:eu-de:p:function:default:greet", Some("")),
            ("urn:fss:eu-de:p:function:default:greet:latest", Some("latest")),
            ("urn:fss:eu-de:p:function:default:greet:!prod", Some("!prod")),
            ("greet", Some("")),
            ("greet:v2", Some("v2")),
            ("default:greet:v2", Some("v2")),
            ("urn:fss:eu-de:p:function:default:other", None),
            ("other", None),
        ] {
            assert_eq!(version_in(urn, "greet"), version, "{urn}");
        }
    }
}
