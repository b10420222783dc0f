//! A server of its own for each test, and a small client of it.

use std::io::{Cursor, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fg_local::Local;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A server with an empty store.
pub(crate) struct Platform {
    local: Local,
    folder: TempDir,
}

/// What the server has answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: hyper::HeaderMap,
    pub(crate) body: Bytes,
}

impl Platform {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let local = Local::builder().data_folder(folder.path()).start().await.expect("a server");
        Self { local, folder }
    }

    /// The data folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A server that has the function `greet`.
    pub(crate) async fn with_function() -> Self {
        let platform = Self::start().await;
        platform.post("/fgs/functions", function("greet")).await.json(200);
        platform
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    /// `path` is below `/v2/{project}`.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        self.send(method, &format!("/v2/{PROJECT}{path}"), body.into()).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Bytes) -> Answer {
        let address = self.local.address();
        let stream = TcpStream::connect(address).await.expect("it listens");
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.expect("a connection");
        tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", address.to_string())
            .header("content-type", "application/json")
            .body(Full::new(body))
            .expect("a request");
        let response = sender.send_request(request).await.expect("a response");
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        Answer { status: head.status, headers: head.headers, body }
    }

    /// Another version of `greet` with a different configuration.
    pub(crate) async fn publish(&self, version: &str) -> Value {
        let description = json!({"description": version});
        self.put(&path("config"), description).await.json(200);
        self.post(&path("versions"), json!({"version": version})).await.json(200)
    }
}

impl Answer {
    /// The body of an answer with this status.
    pub(crate) fn json(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    /// Whether the answer has no body and this status.
    pub(crate) fn is_empty(&self, status: u16) -> bool {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self.body.is_empty()
    }

    /// The status, the code and the message of an error.
    pub(crate) fn error(&self) -> (u16, String, String) {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let field = |name: &str| {
            body[name].as_str().unwrap_or_else(|| panic!("{} {body}", self.status)).to_owned()
        };
        (self.status.as_u16(), field("error_code"), field("error_msg"))
    }

    /// The status and the code of an error.
    pub(crate) fn code(&self) -> String {
        let (status, code, message) = self.error();
        assert!(message.len() > 10, "{code} {message:?}");
        format!("{status} {code}")
    }
}

pub(crate) const PROJECT: &str = "0123456789abcdef0123456789abcdef";

/// The URN of `greet` without a version.
pub(crate) const URN: &str =
    "urn:fss:cn-north-4:0123456789abcdef0123456789abcdef:function:default:greet";

/// An operation on `greet`.
pub(crate) fn path(operation: &str) -> String {
    format!("/fgs/functions/{URN}/{operation}")
}

/// What a client sends to create a function.
pub(crate) fn function(name: &str) -> Value {
    json!({
        "func_name": name,
        "package": "default",
        "runtime": "Custom",
        "handler": "bootstrap",
        "timeout": 3,
        "memory_size": 128,
        "code_type": "zip",
        "code_filename": "code.zip",
        "func_code": {"file": package("1")},
    })
}

/// A package whose program is a shell script, as Base64. Each `text` makes another one.
pub(crate) fn package(text: &str) -> String {
    STANDARD.encode(zip(&[("bootstrap", &format!("#!/bin/sh\necho {text}\n"))]))
}

pub(crate) fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        let options = SimpleFileOptions::default().unix_permissions(0o755);
        zip.start_file(*name, options).expect("an entry");
        zip.write_all(content.as_bytes()).expect("its content");
    }
    zip.finish().expect("a zip file").into_inner()
}
