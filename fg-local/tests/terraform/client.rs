//! The HTTP client of Terraform's provider: golangsdk's headers, and its signature.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use base16ct::lower::encode_string as hex;
use hmac::{Hmac, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::start::{ACCESS_KEY, SECRET_KEY};

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A status, and the JSON of the body or `null`.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// One connection, which is kept.
pub(crate) struct Client {
    address: String,
    connection: BufReader<TcpStream>,
    /// Sent, but not signed.
    pub(crate) project_id: Option<String>,
}

impl Client {
    pub(crate) fn new(address: String) -> Self {
        let stream = TcpStream::connect(&address).expect("the server listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket");
        Self { address, connection: BufReader::new(stream), project_id: None }
    }

    /// Sends a request, and reads its answer.
    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        mut query: Vec<(String, String)>,
        body: Option<&str>,
    ) -> Answer {
        let encode = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
        query.sort();
        // golangsdk sends the query as it has signed it. The path goes as it is: `:` and `!` are
        // not encoded.
        let query: Vec<_> =
            query.iter().map(|(n, v)| format!("{}={}", encode(n), encode(v))).collect();
        let query = query.join("&");
        let body = body.unwrap_or_default();
        // All that is set by then is signed; Host is not among Go's headers.
        let date = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let signed = [
            ("accept", "application/json"),
            ("content-type", "application/json"),
            ("user-agent", "terraform-provider-huaweicloud golangsdk/2.0.0"),
            ("x-sdk-date", &date),
        ];
        let segments: Vec<_> = path.split('/').map(encode).collect();
        let names = signed.map(|(name, _)| name).join(";");
        let headers: String = signed.iter().map(|(n, v)| format!("{n}:{v}\n")).collect();
        let canonical = format!(
            "{method}\n{}/\n{query}\n{headers}\n{names}\n{}",
            segments.join("/"),
            hex(&Sha256::digest(body))
        );
        let to_sign = format!("SDK-HMAC-SHA256\n{date}\n{}", hex(&Sha256::digest(canonical)));
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET_KEY.as_bytes()).expect("any key");
        mac.update(to_sign.as_bytes());
        let signature = hex(&mac.finalize().into_bytes());

        let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\n", self.address);
        for (name, value) in signed {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let authorization =
            format!("Access={ACCESS_KEY}, SignedHeaders={names}, Signature={signature}");
        head.push_str(&format!("Authorization: SDK-HMAC-SHA256 {authorization}\r\n"));
        if let Some(project_id) = &self.project_id {
            head.push_str(&format!("X-Project-Id: {project_id}\r\nX-Domain-Id: local\r\n"));
        }
        head.push_str("Accept-Encoding: gzip\r\n");
        // Go says the length if there is a body, and if the method usually has one.
        if !body.is_empty() || matches!(method, "POST" | "PUT") {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        let stream = self.connection.get_mut();
        stream.write_all(head.as_bytes()).expect("the server reads");
        stream.write_all(body.as_bytes()).expect("the server reads");
        self.receive()
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.connection.read_line(&mut line).expect("the server answers");
        assert!(line.ends_with("\r\n"), "the connection was closed after {line:?}");
        line.trim_end().to_owned()
    }

    fn receive(&mut self) -> Answer {
        let status_line = self.line();
        let status = status_line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status: u16 = status.unwrap_or_else(|| panic!("not a status line: {status_line}"));
        let mut length = 0;
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(':') else { break };
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().expect("a length"),
                "transfer-encoding" => panic!("this client reads bodies with a length only"),
                "connection" => assert_ne!(value.to_ascii_lowercase(), "close", "{status_line}"),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.connection.read_exact(&mut body).expect("the whole body");
        let body = match serde_json::from_slice(&body) {
            Ok(body) => body,
            Err(_) if body.is_empty() => Value::Null,
            Err(error) => panic!("{status}, not JSON: {error}: {}", String::from_utf8_lossy(&body)),
        };
        Answer { status, body }
    }
}
