//! The platform's own errors.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::advice::advice;
use crate::credentials::Credentials;
use crate::http::Response;
use crate::printable::printable;
use crate::region::Service;
use crate::sign::{parse_http_date, rfc3339};

/// The platform refused a request, or failed: status, code, message, request id, and what to do.
#[derive(Clone, Debug)]
pub struct ServiceError {
    operation: String,
    service: Service,
    status: u16,
    error_code: Option<String>,
    message: String,
    request_id: Option<String>,
    location: Option<String>,
    clock_skew: Option<ClockSkew>,
    expired: Option<SystemTime>,
    attempts: u32,
}

/// The clocks of this machine and of the platform, when they are far apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockSkew {
    /// The time here.
    pub here: SystemTime,
    /// The time there, from the header `Date`.
    pub there: SystemTime,
}

/// Signatures are good for 15 minutes; what is off by a third of that is set wrongly.
const FAR_OFF: Duration = Duration::from_secs(5 * 60);

impl ServiceError {
    pub(crate) fn new(
        operation: String,
        service: Service,
        response: &Response,
        credentials: Option<&Credentials>,
        attempts: u32,
        now: SystemTime,
    ) -> Self {
        let status = response.status.as_u16();
        let body = Body::read(&response.body);
        let clean = |text: String| match credentials {
            Some(credentials) => printable(&credentials.redact(text)),
            None => printable(&text),
        };
        let request_id = ["x-request-id", "x-cff-request-id", "x-obs-request-id"]
            .iter()
            .find_map(|name| response.header(name))
            .map(str::to_owned);
        let is_refused = matches!(status, 401 | 403);
        let expired = credentials.and_then(Credentials::expires_at);
        Self {
            operation,
            service,
            status,
            error_code: body.code.map(clean),
            message: body.message.map(clean).unwrap_or_default(),
            request_id: request_id.or(body.request_id).map(clean),
            location: response.header("location").map(|location| clean(location.to_owned())),
            clock_skew: clock_skew(response, now).filter(|_| is_refused),
            expired: expired.filter(|time| is_refused && *time < now),
            attempts,
        }
    }

    /// What was asked for: `update the code of urn:fss:..`.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The code of the platform, such as `FSS.1051`.
    #[must_use]
    pub fn error_code(&self) -> Option<&str> {
        self.error_code.as_deref()
    }

    /// The message of the platform, one line; empty if there was none.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The id of the request, which the platform's support asks for.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// How often the request was sent.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Both times, if the request was refused and the clocks are more than 5 minutes apart.
    #[must_use]
    pub fn clock_skew(&self) -> Option<ClockSkew> {
        self.clock_skew
    }

    /// What to do, in a sentence or two.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        if let Some(ClockSkew { here, there }) = self.clock_skew {
            return Some(format!(
                "Set the clock of this machine: here it is {}, there {}, and a signature is good \
                 for 15 minutes.",
                rfc3339(here),
                rfc3339(there)
            ));
        }
        if let Some(time) = self.expired {
            let time = rfc3339(time);
            return Some(format!("The temporary credentials ended at {time}: get new ones."));
        }
        advice(self.error_code(), self.status).map(str::to_owned)
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} answered {}", self.operation, self.service, self.status)?;
        if let Some(code) = &self.error_code {
            write!(f, ", {code}")?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        if let Some(location) = &self.location {
            write!(f, " (to {location})")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " (request id {id})")?;
        }
        if self.attempts > 1 {
            write!(f, " ({} attempts)", self.attempts)?;
        }
        match self.advice() {
            Some(advice) => write!(f, ". {advice}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ServiceError {}

fn clock_skew(response: &Response, here: SystemTime) -> Option<ClockSkew> {
    let there = parse_http_date(response.header("date")?)?;
    let apart = here.duration_since(there).or_else(|_| there.duration_since(here)).ok()?;
    (apart > FAR_OFF).then_some(ClockSkew { here, there })
}

/// What the body of an error says.
#[derive(Default)]
struct Body {
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
}

impl Body {
    fn read(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        if let Ok(Value::Object(object)) = serde_json::from_str(&text) {
            let inner = object.get("error").filter(|error| error.is_object());
            let fields = inner.and_then(Value::as_object).unwrap_or(&object);
            let first = |names: &[&str]| {
                names.iter().find_map(|name| match fields.get(*name)? {
                    Value::String(value) if !value.is_empty() => Some(value.clone()),
                    Value::Number(value) => Some(value.to_string()),
                    _ => None,
                })
            };
            let message = first(&["error_msg", "message", "errorMessage", "error_description"]);
            let details = object.get("details").and_then(|details| details.get("error_msg"));
            return Self {
                code: first(&["error_code", "code", "errorCode"]),
                message: match (message, details.and_then(Value::as_str)) {
                    (Some(message), Some(details)) if message != details => {
                        Some(format!("{message} ({details})"))
                    }
                    (message, details) => message.or(details.map(str::to_owned)),
                },
                request_id: first(&["request_id", "requestId"]),
            };
        }
        if text.contains("<Error>") {
            return Self {
                code: element(&text, "Code"),
                message: element(&text, "Message"),
                request_id: element(&text, "RequestId"),
            };
        }
        // A page of a proxy, most often: its beginning tells which.
        let start: String = text.trim().chars().take(200).collect();
        Self { message: Some(start).filter(|start| !start.is_empty()), ..Self::default() }
    }
}

/// The content of an element of OBS's XML, which has no attributes there.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (content, _) = rest.split_once(&format!("</{name}>"))?;
    Some(content.to_owned())
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::*;

    fn error(status: u16, date: Option<&'static str>, body: &'static str) -> ServiceError {
        let mut headers = HeaderMap::new();
        if let Some(date) = date {
            headers.insert("date", HeaderValue::from_static(date));
        }
        headers.insert("x-request-id", HeaderValue::from_static("rid-9"));
        let status = StatusCode::from_u16(status).unwrap();
        let response = Response { status, headers, body: body.into() };
        let credentials = Credentials::new("AccessKey", "s3cr3tkey").with_security_token("t0k3n");
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_136_214_245);
        let operation = "show the function".to_owned();
        ServiceError::new(operation, Service::FunctionGraph, &response, Some(&credentials), 1, now)
    }

    #[test]
    fn the_message_has_all_that_is_known() {
        let body = r#"{"error_code":"FSS.1051","error_msg":"Not found the function"}"#;
        assert_eq!(
            error(404, None, body).to_string(),
            "show the function: FunctionGraph answered 404, FSS.1051: Not found the function \
             (request id rid-9). There is no such function: look at its name, package, region and \
             project."
        );
    }

    #[test]
    fn each_form_of_errors_is_read() {
        let details = r#"{"error_code":"FSS.1011","error_msg":"zip: not a valid zip file","details":{"error_msg":"Invalid function code."}}"#;
        let read = error(400, None, details);
        assert_eq!(read.message(), "zip: not a valid zip file (Invalid function code.)");
        let read = error(401, None, r#"{"error":{"code":401,"message":"The request is invalid"}}"#);
        assert_eq!((read.error_code(), read.message()), (Some("401"), "The request is invalid"));
        let xml = "<?xml version=\"1.0\"?><Error><Code>NoSuchBucket</Code><Message>Not there</Message></Error>";
        let read = error(404, None, xml);
        assert_eq!((read.error_code(), read.message()), (Some("NoSuchBucket"), "Not there"));
        assert_eq!(error(502, None, "<html>\nBad Gateway").message(), "<html> Bad Gateway");
    }

    #[test]
    fn a_clock_that_is_far_off_is_told_with_both_times() {
        let skewed = error(401, Some("Mon, 02 Jan 2006 16:04:05 GMT"), "{}");
        let text = skewed.to_string();
        assert!(
            text.contains("here it is 2006-01-02T15:04:05Z, there 2006-01-02T16:04:05Z"),
            "{text}"
        );
        assert!(error(401, Some("Mon, 02 Jan 2006 15:06:05 GMT"), "{}").clock_skew().is_none());
        assert!(error(404, Some("Mon, 02 Jan 2006 16:04:05 GMT"), "{}").clock_skew().is_none());
    }

    #[test]
    fn what_the_platform_repeats_of_a_secret_is_left_out() {
        let text = error(401, None, r#"{"error_msg":"wrong: s3cr3tkey and t0k3n\u001b[2J"}"#);
        let text = format!("{text} {text:?}");
        assert!(!text.contains("s3cr3t") && !text.contains("t0k3n"), "{text}");
        assert!(!text.contains('\u{1b}') && text.contains("wrong: *** and ***"), "{text}");
    }
}
