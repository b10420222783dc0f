//! Signing a request to object storage, OBS, with the header signature V2.

use std::fmt;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use percent_encoding::percent_encode;
use sha1::Sha1;

use super::request::{Key, SignError, SignedHeaders};
use super::{canonical, time};

/// What is signed of a request for an object.
#[derive(Clone, Debug)]
pub struct ObsRequest<'a> {
    method: &'a str,
    bucket: &'a str,
    object: &'a str,
    content_type: &'a str,
    content_md5: &'a str,
    headers: Vec<(&'a str, &'a str)>,
}

impl<'a> ObsRequest<'a> {
    /// A request for `object`, such as `functions/greet.zip`, not encoded, in `bucket`.
    #[must_use]
    pub fn new(method: &'a str, bucket: &'a str, object: &'a str) -> Self {
        let headers = Vec::new();
        Self { method, bucket, object, content_type: "", content_md5: "", headers }
    }

    /// The header `Content-Type`, if it is sent.
    #[must_use]
    pub fn content_type(mut self, content_type: &'a str) -> Self {
        self.content_type = content_type;
        self
    }

    /// The header `Content-MD5`, if it is sent.
    #[must_use]
    pub fn content_md5(mut self, content_md5: &'a str) -> Self {
        self.content_md5 = content_md5;
        self
    }

    /// A header whose name begins with `x-obs-`: all of them are signed. Others are ignored.
    #[must_use]
    pub fn header(mut self, name: &'a str, value: &'a str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The path of the object in a URL, `/functions/greet.zip`, encoded.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/{}", percent_encode(self.object.as_bytes(), canonical::ESCAPED_IN_PATH))
    }

    /// The string to sign, with `token` among the headers.
    fn canonical(&self, date: &str, token: Option<&str>) -> String {
        let token = token.map(|token| (SECURITY_TOKEN, token));
        let headers = canonical::headers(self.headers.iter().copied().chain(token));
        let mut canonical =
            format!("{}\n{}\n{}\n{date}\n", self.method, self.content_md5, self.content_type);
        for (name, value) in headers.iter().filter(|(name, _)| name.starts_with("x-obs-")) {
            canonical.push_str(&format!("{name}:{value}\n"));
        }
        canonical.push_str(&format!("/{}{}", self.bucket, self.path()));
        canonical
    }
}

const SECURITY_TOKEN: &str = "x-obs-security-token";

/// Signs a request for an object: `Date`, `Authorization`, and `x-obs-security-token` if the key is
/// temporary. The project id of the key is not used.
///
/// Platform: OBS, "Authentication of Signature in a Header", `Authorization: OBS <access
/// key>:<base64 of HMAC-SHA1>`. A signature is good for 15 minutes around its time.
///
/// # Errors
///
/// [`SignError`]: a key, or a header, that cannot be sent.
pub fn sign_obs(
    key: &Key,
    request: &ObsRequest<'_>,
    time: SystemTime,
) -> Result<SignedHeaders, SignError> {
    let date = time::http_date(time)?;
    let token = key.security_token.as_ref().map(|token| token.expose().to_owned());
    let is_visible = |value: &str| value.chars().all(|c| matches!(c, ' '..='~'));
    let values = request.headers.iter().flat_map(|(name, value)| [*name, *value]);
    let others = [request.content_type, request.content_md5, &key.access_key];
    if !values.chain(others).chain(token.as_deref()).all(is_visible) {
        return Err(SignError::Header);
    }
    let canonical = request.canonical(&date, token.as_deref());
    let signature = hmac_sha1_base64(key.secret_key.expose(), &canonical);
    let mut headers = vec![("Date", date)];
    headers.push(("Authorization", format!("OBS {}:{signature}", key.access_key)));
    if let Some(token) = token {
        headers.push((SECURITY_TOKEN, token));
    }
    Ok(SignedHeaders(headers))
}

fn hmac_sha1_base64(key: &str, data: &str) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(data.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

impl fmt::Display for ObsRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.method, self.bucket, self.path())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    // The scheme is that of Amazon's signature version 2 under another name; these are the examples
    // of its documentation, "Signing and authenticating REST requests".
    #[test]
    fn the_published_signatures_are_reproduced() {
        let get = ObsRequest::new("GET", "johnsmith", "photos/puppy.jpg");
        let canonical = get.canonical("Tue, 27 Mar 2007 19:36:42 +0000", None);
        assert_eq!(hmac_sha1_base64(SECRET_KEY, &canonical), "bWq2s1WEIj+Ydj0vQ697zp+IXMU=");
        let put =
            ObsRequest::new("PUT", "johnsmith", "photos/puppy.jpg").content_type("image/jpeg");
        let canonical = put.canonical("Tue, 27 Mar 2007 21:15:45 +0000", None);
        assert_eq!(hmac_sha1_base64(SECRET_KEY, &canonical), "MyyxeRY7whkBe+bq8fHCL/2kKUg=");
    }

    #[test]
    fn obs_headers_and_the_token_are_signed_in_order() {
        let request = ObsRequest::new("PUT", "code", "functions/a b.zip")
            .content_type("application/zip")
            .content_md5("1B2M2Y8AsgTpgAmY7PhCfg==")
            .header("X-Obs-Storage-Class", " STANDARD ")
            .header("Accept", "ignored")
            .header("x-obs-acl", "private");
        assert_eq!(
            request.canonical("Mon, 02 Jan 2006 15:04:05 GMT", Some("t0k3n")),
            "PUT\n1B2M2Y8AsgTpgAmY7PhCfg==\napplication/zip\nMon, 02 Jan 2006 15:04:05 GMT\n\
             x-obs-acl:private\nx-obs-security-token:t0k3n\nx-obs-storage-class:STANDARD\n\
             /code/functions/a%20b.zip"
        );
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_136_214_245);
        let key = Key::new("AccessKey", SECRET_KEY).security_token("t0k3n");
        let headers = sign_obs(&key, &request, time).unwrap();
        assert_eq!(headers.get("date"), Some("Mon, 02 Jan 2006 15:04:05 GMT"));
        assert_eq!(headers.get("x-obs-security-token"), Some("t0k3n"));
        assert!(headers.get("authorization").unwrap().starts_with("OBS AccessKey:"));
        let key = Key::new("Access\rKey", SECRET_KEY);
        assert_eq!(sign_obs(&key, &request, time), Err(SignError::Header));
    }
}
