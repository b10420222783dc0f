//! Signing a request to the platform's APIs with `SDK-HMAC-SHA256`.

use std::fmt;
use std::time::SystemTime;

use super::{canonical, time};
use crate::secret::Secret;

/// What a request is signed with: an access key with its secret key, and what belongs to them.
#[derive(Clone, Debug)]
pub struct Key {
    pub(super) access_key: String,
    pub(super) secret_key: Secret,
    pub(super) security_token: Option<Secret>,
    project_id: Option<String>,
}

impl Key {
    /// A permanent key, or two of the three parts of temporary credentials.
    pub fn new(access_key: impl Into<String>, secret_key: impl Into<Secret>) -> Self {
        Self {
            access_key: access_key.into(),
            secret_key: secret_key.into(),
            security_token: None,
            project_id: None,
        }
    }

    /// The token of temporary credentials, sent as `X-Security-Token`.
    #[must_use]
    pub fn security_token(mut self, token: impl Into<Secret>) -> Self {
        self.security_token = Some(token.into());
        self
    }

    /// The project of the request, sent as `X-Project-Id`. FunctionGraph and LTS take it; IAM is
    /// asked without.
    #[must_use]
    pub fn project_id(mut self, project_id: impl Into<String>) -> Self {
        self.project_id = Some(project_id.into());
        self
    }
}

/// What is signed.
#[derive(Clone)]
pub struct Request<'a> {
    method: &'a str,
    url: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    body: &'a [u8],
}

impl<'a> Request<'a> {
    /// A request without a body. The URL is absolute, and as it is sent: what has to be encoded is
    /// encoded, a space in the query as `%20`.
    #[must_use]
    pub fn new(method: &'a str, url: &'a str) -> Self {
        Self { method, url, headers: Vec::new(), body: &[] }
    }

    /// Signs this header, too. It has to be sent with the same value.
    ///
    /// `X-Sdk-Content-Sha256` stands for the hash of the body.
    #[must_use]
    pub fn header(mut self, name: &'a str, value: &'a str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The body as it is sent.
    #[must_use]
    pub fn body(mut self, body: &'a [u8]) -> Self {
        self.body = body;
        self
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| *name).collect();
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("headers", &names)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

/// The headers to add to a request. `Debug` prints only their names.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedHeaders(pub(super) Vec<(&'static str, String)>);

impl SignedHeaders {
    /// The value of one of them; names are compared without regard to case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let header = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        header.map(|(_, value)| value.as_str())
    }
}

impl IntoIterator for SignedHeaders {
    type Item = (&'static str, String);
    type IntoIter = std::vec::IntoIter<(&'static str, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Debug for SignedHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Why a request cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignError {
    /// The URL is not absolute, or has a user name in it.
    Url,
    /// The access key, the token, the project id or a header has a character that no header can
    /// have: a line break from a file, most often.
    Header,
    /// The time is not between the years 1 and 9999.
    Time,
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Url => "only an absolute URL without a user name can be signed",
            Self::Header => {
                "an access key, token, project id or header has a character that no header can \
                 have, such as a line break: copy it again"
            }
            Self::Time => "the time is out of range: set the clock of this machine",
        })
    }
}

impl std::error::Error for SignError {}

/// Signs a request: the headers to add to it, with `Host` and `Authorization`.
///
/// Platform: `SDK-HMAC-SHA256`, as in `core/auth/signer` of the official SDKs. A signature is
/// good for 15 minutes around its time.
///
/// # Errors
///
/// [`SignError`]: a URL that is not absolute, or a key that cannot be sent in a header.
pub fn sign(
    key: &Key,
    request: &Request<'_>,
    time: SystemTime,
) -> Result<SignedHeaders, SignError> {
    let url = Url::parse(request.url)?;
    let date = time::basic(time)?;
    let mut added = vec![("Host", url.host), ("X-Sdk-Date", date.clone())];
    if let Some(project_id) = &key.project_id {
        added.push(("X-Project-Id", project_id.clone()));
    }
    if let Some(token) = &key.security_token {
        added.push(("X-Security-Token", token.expose().to_owned()));
    }

    let given = request.headers.iter().copied();
    let headers = canonical::headers(given.chain(added.iter().map(|(n, v)| (*n, v.as_str()))));
    let is_visible = |c: char| matches!(c, ' '..='~');
    if !key.access_key.chars().all(is_visible)
        || !headers.iter().all(|(name, value)| name.chars().chain(value.chars()).all(is_visible))
    {
        return Err(SignError::Header);
    }

    let hash = headers
        .iter()
        .find(|(name, _)| name == "x-sdk-content-sha256")
        .map_or_else(|| canonical::sha256_hex(request.body), |(_, value)| value.clone());
    let canonical = canonical::request(request.method, url.path, url.query, &headers, &hash);
    let signature = canonical::signature(key.secret_key.expose(), &date, &canonical);
    added.push((
        "Authorization",
        format!(
            "{} Access={}, SignedHeaders={}, Signature={signature}",
            canonical::ALGORITHM,
            key.access_key,
            canonical::names(&headers),
        ),
    ));
    Ok(SignedHeaders(added))
}

/// The parts of a URL that are signed.
struct Url<'a> {
    /// The header `Host`: without the port that the scheme implies.
    host: String,
    path: &'a str,
    query: &'a str,
}

impl<'a> Url<'a> {
    fn parse(url: &'a str) -> Result<Self, SignError> {
        let (scheme, rest) = url.split_once("://").ok_or(SignError::Url)?;
        let port = match scheme {
            "https" => ":443",
            "http" => ":80",
            _ => return Err(SignError::Url),
        };
        let rest = rest.split('#').next().unwrap_or(rest);
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if authority.is_empty() || authority.contains('@') {
            return Err(SignError::Url);
        }
        let host = authority.strip_suffix(port).unwrap_or(authority);
        Ok(Self { host: host.to_ascii_lowercase(), path, query })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn time() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_136_214_245)
    }

    #[test]
    fn host_time_project_and_token_are_signed() {
        let key = Key::new("AccessKey", "SecretKey").project_id("p1").security_token("t1");
        let request = Request::new("GET", "https://example.huaweicloud.com:443/path?limit=1");
        let headers = sign(&key, &request, time()).unwrap();
        assert_eq!(headers.get("host"), Some("example.huaweicloud.com"));
        assert_eq!(headers.get("x-project-id"), Some("p1"));
        assert_eq!(headers.get("x-security-token"), Some("t1"));
        let authorization = headers.get("authorization").unwrap();
        assert!(
            authorization.starts_with(
                "SDK-HMAC-SHA256 Access=AccessKey, \
                 SignedHeaders=host;x-project-id;x-sdk-date;x-security-token, Signature="
            ),
            "{authorization}"
        );
    }

    #[test]
    fn body_path_query_and_headers_change_the_signature() {
        let key = Key::new("AccessKey", "SecretKey");
        let url = "http://127.0.0.1:9000/a?b=c";
        let requests = [
            Request::new("GET", url),
            Request::new("PUT", url),
            Request::new("GET", url).body(b"x"),
            Request::new("GET", url).header("X-Cff-Log-Type", "tail"),
            Request::new("GET", url).header("X-Sdk-Content-Sha256", "UNSIGNED-PAYLOAD"),
            Request::new("GET", "http://127.0.0.1:9000/b?b=c"),
            Request::new("GET", "http://127.0.0.1:9000/a?b=d"),
            Request::new("GET", "http://127.0.0.1:9001/a?b=c"),
        ];
        let signatures: std::collections::BTreeSet<String> = requests
            .iter()
            .map(|request| {
                sign(&key, request, time()).unwrap().get("authorization").unwrap().into()
            })
            .collect();
        assert_eq!(signatures.len(), requests.len());
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        let key = Key::new("AccessKey", "SecretKey");
        let refused = |key: &Key, url: &str| sign(key, &Request::new("GET", url), time());
        assert_eq!(refused(&key, "/path"), Err(SignError::Url));
        assert_eq!(refused(&key, "https://me@host/path"), Err(SignError::Url));
        assert_eq!(refused(&key, "ftp://host/path"), Err(SignError::Url));
        let key = Key::new("Access\nKey", "SecretKey");
        assert_eq!(refused(&key, "https://host/"), Err(SignError::Header));
        let key = Key::new("AccessKey", "SecretKey").security_token("a\r\nb: c");
        assert_eq!(refused(&key, "https://host/"), Err(SignError::Header));
    }

    #[test]
    fn nothing_secret_is_printed() {
        let key = Key::new("AccessKey", "s3cr3t").security_token("t0k3n");
        let request = Request::new("GET", "https://host/").header("X-A", "s3cr3t").body(b"s3cr3t");
        let headers = sign(&key, &Request::new("GET", "https://host/"), time()).unwrap();
        let printed = format!("{key:?} {request:?} {headers:?}");
        assert!(!printed.contains("s3cr3t") && !printed.contains("t0k3n"), "{printed}");
        assert!(printed.contains("Authorization"), "{printed}");
    }
}
