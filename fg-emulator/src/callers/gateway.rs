//! One port in front of one or several functions, for browsers, curl and SDKs: API Gateway, plain
//! events, and the invoke API.

mod apig_response;
mod function_table;

use std::fmt;
use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;

use crate::callers::gateway::function_table::{Places, Route};
use crate::callers::http_server::{HttpServer, Service, refusal};
use crate::callers::invoke_api::{self, call};
use crate::emulator::{Emulator, too_large};
use crate::execution::{Execution, Outcome};
use crate::http::request_parser::Request;
use crate::http::response::Reply;
use crate::printable::{Form, excerpt, printable};
use crate::runtime_api::event::Event;
use crate::settings::SYNC_LIMIT;

/// Serves functions under their names on one port. A function can be replaced while it is served:
/// requests that run are finished by the one that has them.
///
/// | request | what becomes of it |
/// | --- | --- |
/// | `POST /` without a query | the body is the event; the function's result is the body of the answer |
/// | `/v2/{project}/fgs/functions/{urn}/invocations`, `../invocations-async` | the platform's invoke API, for its SDKs |
/// | anything else below `/v2/{project}/fgs/` | the platform's, too, and not emulated: status 501 |
/// | anything else | an event of API Gateway; its result is turned into the answer. `POST /?` is the gateway's `POST /` |
///
/// With several functions the first part of a path is the name of one, and the rest is the path
/// that the function sees: `POST /greet` is an event for `greet`, `GET /orders/7` a request of API
/// Gateway for `/7` of `orders`. The invoke API has the name in the URN. A name may have slashes in
/// it itself. `GET /` lists the functions.
///
/// A function's own error is status 500 with its JSON, and so is a result that API Gateway would
/// not understand.
///
/// Every web page can send requests to a port of this machine. So a request is refused with status
/// 403 unless its `Host` is a loopback name or address, the address that is listened at (any
/// address, where it is all of them), or a name that was [accepted](Self::accept_host); and if its
/// `Origin`, or `Sec-Fetch-Site`, says that a page of another site has sent it. A head has at most
/// 64 KB and 10 s, a body 6 MB and a minute. There are at most 256 connections, of which the
/// longest idle gives way to a new one.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use fg_emulator::{Emulator, Gateway};
///
/// let gateway = Gateway::start("127.0.0.1:9000", ["greet"], |exchange| println!("{exchange}"))?;
/// gateway.serve(Arc::new(Emulator::builder("target/debug/greet").start()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Gateway {
    functions: Arc<Functions>,
    server: Option<HttpServer>,
}

/// One request, and how it was answered. `{}` is a line for a log, in which what the caller has
/// sent is [printable](crate::printable).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Exchange<'a> {
    /// The function that was asked.
    pub function: &'a str,
    /// The request's method.
    pub method: &'a str,
    /// The request's path and query, as the caller wrote them.
    pub target: &'a str,
    /// The status of the answer.
    pub status: u16,
    /// What the function did, where it was reached; nothing for the invoke API, whose answer has
    /// it.
    pub execution: Option<&'a Execution>,
    /// Why the function's result is not the answer, where it is not.
    pub reason: Option<&'a str>,
    /// What to do about it, where that is known.
    pub advice: Option<&'a str>,
}

impl fmt::Display for Exchange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} -> {}", self.method, excerpt(self.target, 1000), self.status)?;
        if let Some(execution) = self.execution {
            write!(f, " in {:.1} ms", execution.summary.duration_in_ms())?;
        }
        self.reason.map_or(Ok(()), |reason| write!(f, ": {}", printable(reason, Form::Text)))
    }
}

/// What is told of every exchange.
type Observer = Box<dyn Fn(&Exchange<'_>) + Send + Sync>;

struct Functions {
    places: Places,
    observer: Observer,
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Functions").field("places", &self.places).finish_non_exhaustive()
    }
}

/// An answer, and what is to be told about it.
struct Answered {
    /// None where it was a streamed reply, which has been written as it came.
    reply: Option<Reply>,
    execution: Option<Execution>,
    reason: Option<String>,
    advice: Option<String>,
}

impl Answered {
    fn refused(reply: Reply, reason: impl Into<String>) -> Self {
        Self { reply: Some(reply), execution: None, reason: Some(reason.into()), advice: None }
    }
}

impl Gateway {
    /// Listens at this address for requests to the functions of these names. One that is not
    /// [served](Self::serve) yet is answered with status 503, unless it is
    /// [expected](Self::set_expected). `observer` is called after every request.
    ///
    /// # Errors
    ///
    /// Where the port cannot be opened.
    pub fn start(
        address: impl ToSocketAddrs,
        functions: impl IntoIterator<Item = impl Into<String>>,
        observer: impl Fn(&Exchange<'_>) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let places = Places::new(functions.into_iter().map(Into::into));
        let functions = Arc::new(Functions { places, observer: Box::new(observer) });
        let server = HttpServer::start("gateway", address, Front(Arc::clone(&functions)))?;
        Ok(Self { functions, server: Some(server) })
    }

    /// Host and port.
    #[must_use]
    pub fn address(&self) -> String {
        self.server.as_ref().map(|server| server.address().to_string()).unwrap_or_default()
    }

    /// Also takes requests with this name as their `Host`, or with a page under this name as their
    /// `Origin`: for a container that calls this one by a name, or for a proxy.
    pub fn accept_host(&self, name: &str) {
        if let Some(server) = &self.server {
            server.door().accept(name);
        }
    }

    /// Serves this function under its name from now on, and gives back the one that was served
    /// before. Who drops that one ends its processes, as soon as no request has it any more.
    pub fn serve(&self, emulator: Arc<Emulator>) -> Option<Arc<Emulator>> {
        let name = emulator.name().to_owned();
        self.serve_as(&name, emulator)
    }

    /// [Serves](Self::serve) a function under another name than its own, such as
    /// `orders/bootstrap`.
    pub fn serve_as(&self, name: &str, emulator: Arc<Emulator>) -> Option<Arc<Emulator>> {
        self.functions.places.serve(name, emulator)
    }

    /// Lets requests wait for the function of this name, unless one is served.
    pub fn set_expected(&self, name: &str) {
        self.functions.places.expect(name);
    }

    /// Says why there is no function of this name, unless one is served. Requests are answered with
    /// status 503 and this reason.
    pub fn set_absent(&self, name: &str, reason: impl Into<String>) {
        self.functions.places.set_absent(name, reason.into());
    }

    /// The function that is served under this name at the moment.
    #[must_use]
    pub fn function(&self, name: &str) -> Option<Arc<Emulator>> {
        self.functions.places.served(name)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // What waits is told so, and its thread ends.
        self.functions.places.end();
        if let Some(server) = self.server.take() {
            server.stop();
        }
    }
}

/// What the server asks.
struct Front(Arc<Functions>);

impl Service for Front {
    fn answer(&self, request: &Request, socket: &TcpStream) -> io::Result<Option<Reply>> {
        self.0.answer(request, socket)
    }

    fn refused(&self, head: &Request, status: u16, reason: &str) {
        let (method, target) = (head.method.as_str(), head.target.as_str());
        (self.0.observer)(&Exchange {
            function: "",
            method,
            target,
            status,
            execution: None,
            reason: Some(reason),
            advice: None,
        });
    }
}

impl Functions {
    fn answer(&self, request: &Request, socket: &TcpStream) -> io::Result<Option<Reply>> {
        let path = request.target.split('?').next().unwrap_or_default();
        let (name, answered) = if call::is_of_the_api(path) {
            (String::new(), self.answer_api(request, path, socket)?)
        } else {
            match self.places.route(&request.target) {
                Route::Function { name, target } => match self.places.wait_for(&name) {
                    Ok(emulator) => (name, ask(&emulator, request, &target)),
                    Err(reason) => {
                        (name, Answered::refused(refusal(503, "FSS.0503", &reason), reason))
                    }
                },
                Route::List if matches!(request.method.as_str(), "GET" | "HEAD") => {
                    (String::new(), self.list())
                }
                Route::List | Route::Nowhere => {
                    let reason = format!(
                        "the first part of the path names a function; {}",
                        self.places.names()
                    );
                    (String::new(), Answered::refused(refusal(404, "FSS.0404", &reason), reason))
                }
            }
        };
        let Answered { reply, execution, reason, advice } = answered;
        (self.observer)(&Exchange {
            function: &name,
            method: &request.method,
            target: &request.target,
            status: reply.as_ref().map_or(200, |reply| reply.status),
            execution: execution.as_ref(),
            reason: reason.as_deref(),
            advice: advice.as_deref(),
        });
        Ok(reply)
    }

    fn answer_api(
        &self,
        request: &Request,
        path: &str,
        socket: &TcpStream,
    ) -> io::Result<Answered> {
        let Some(urn) = call::invoked(path) else {
            return Ok(Answered::refused(
                call::not_emulated(&request.method, &excerpt(path, 200)),
                "it is not emulated",
            ));
        };
        Ok(match self.places.find(|settings| call::is_for(&urn, settings)) {
            Some(emulator) => {
                let reply = invoke_api::answer(emulator.pool(), emulator.queue(), request, socket)?;
                Answered { reply, execution: None, reason: None, advice: None }
            }
            None => {
                let reason = format!(
                    "there is no function {} here; {}",
                    excerpt(&urn, 200),
                    self.places.names()
                );
                Answered::refused(refusal(404, "FSS.1051", &reason), reason)
            }
        })
    }

    fn list(&self) -> Answered {
        let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        let body = format!("{:#}\n", self.places.list()).into_bytes();
        Answered {
            reply: Some(Reply { status: 200, headers, body }),
            execution: None,
            reason: None,
            advice: None,
        }
    }
}

fn ask(emulator: &Emulator, request: &Request, target: &str) -> Answered {
    if request.method == "POST" && target == "/" {
        invoke(emulator, request)
    } else {
        ask_as_gateway(emulator, request, target)
    }
}

/// The body is the event.
fn invoke(emulator: &Emulator, request: &Request) -> Answered {
    if let Err(reply) = call::check_body_and_headers(request) {
        if request.body.is_empty()
            || serde_json::from_slice::<serde::de::IgnoredAny>(&request.body).is_ok()
        {
            return Answered::refused(
                reply,
                "X-Cff-Instance-Memory is none of the platform's sizes",
            );
        }
        let advice = if request.body.starts_with(b"\xef\xbb\xbf") {
            "the body begins with a byte order mark, which JSON does not allow: save the file as UTF-8 without one"
        } else {
            "an event is JSON, such as {\"name\":\"Ada\"}, or \"Ada\" with its quotation marks; a request of API Gateway may have any body, \
             and is written with a `?` behind the path"
        };
        return Answered {
            advice: Some(advice.into()),
            ..Answered::refused(reply, "the body is not JSON")
        };
    }
    let execution = emulator.invoke(Event::new(request.body.as_slice()));
    let status = match &execution.outcome {
        Outcome::Reply(_) | Outcome::Streamed { .. } => 200,
        Outcome::Failure(_) => 500,
        Outcome::Platform(error) => status_of(error.http_status()),
    };
    let headers = vec![
        ("Content-Type".to_owned(), "application/json".to_owned()),
        ("X-Cff-Request-Id".to_owned(), execution.summary.request_id.clone()),
    ];
    let reply = Reply { status, headers, body: execution.outcome.body().into_owned() };
    Answered {
        reason: failure_of(&execution),
        reply: Some(reply),
        execution: Some(execution),
        advice: None,
    }
}

fn ask_as_gateway(emulator: &Emulator, request: &Request, target: &str) -> Answered {
    let event = Event::new(apig_response::event(request, target));
    if let Some(error) = too_large(&event, SYNC_LIMIT) {
        return Answered::refused(call::refusal_by(&error), error.to_string());
    }
    let execution = emulator.invoke(event);
    let (mut reply, reason, is_understood) = match &execution.outcome {
        Outcome::Reply(_) | Outcome::Streamed { .. } => {
            match apig_response::reply(&execution.outcome.body(), request.method == "HEAD") {
                Ok(reply) => (reply, None, true),
                Err(reason) => (refusal(500, "FSS.1202", &reason), Some(reason), false),
            }
        }
        Outcome::Failure(failure) => {
            let is_understood = failure.error_type != "InvalidPayload";
            (json_reply(500, &execution), failure_of(&execution), is_understood)
        }
        Outcome::Platform(error) => {
            (json_reply(status_of(error.http_status()), &execution), failure_of(&execution), true)
        }
    };
    reply.default_header("X-Request-Id", &execution.summary.request_id);
    let advice = (!is_understood).then(|| advice_about_wrapping(request, target));
    Answered { reply: Some(reply), execution: Some(execution), reason, advice }
}

/// A function of other events complains about a line and a column of an event that the caller has
/// never written, or gives a result that is none of the gateway's.
fn advice_about_wrapping(request: &Request, target: &str) -> String {
    let why = match request.method.as_str() {
        "POST" if target.starts_with("/?") => "its path has a query".to_owned(),
        "POST" => "its path goes on behind that of the function".to_owned(),
        method => format!("it is a {method}"),
    };
    format!(
        "the function was given this request as an event of API Gateway, because {why}. If it expects an event of its own, POST that \
         to the path of the function, without a query"
    )
}

fn json_reply(status: u16, execution: &Execution) -> Reply {
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    Reply { status, headers, body: execution.outcome.body().into_owned() }
}

/// The invoke API says 200 where the function was called, whatever it did; who asks a gateway wants
/// to see that it failed.
fn status_of(of_the_invoke_api: u16) -> u16 {
    if of_the_invoke_api == 200 { 500 } else { of_the_invoke_api }
}

fn failure_of(execution: &Execution) -> Option<String> {
    match &execution.outcome {
        Outcome::Reply(_) | Outcome::Streamed { .. } => None,
        Outcome::Failure(failure) => {
            Some(format!("{}: {}", failure.error_type, failure.error_message))
        }
        Outcome::Platform(error) => Some(error.to_string()),
    }
}
