//! The temporary credentials of a cloud server's agency, from its metadata service.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use serde::Deserialize;

use super::chain::WHAT_TO_DO;
use super::{Credentials, CredentialsError};
use crate::http::{Fault, Http, Response};
use crate::secret::Secret;

/// How long the service may take, all in all: it is near, or not there.
const TIMEOUT: Duration = Duration::from_secs(3);
const LARGEST: usize = 64 * 1024;

/// The metadata service, and what was looked at before it.
#[derive(Debug, Clone)]
pub(crate) struct Metadata {
    url: String,
    why: String,
}

#[derive(Deserialize)]
struct SecurityKey {
    credential: Credential,
}

#[derive(Deserialize)]
struct Credential {
    access: String,
    secret: String,
    securitytoken: String,
    #[serde(default)]
    expires_at: Option<String>,
}

impl Metadata {
    pub(super) fn new(url: &str, why: String) -> Self {
        Self { url: url.trim_end_matches('/').to_owned(), why }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Asks for credentials.
    pub(crate) async fn fetch(&self, http: &Http) -> Result<Credentials, CredentialsError> {
        let fetched = match tokio::time::timeout(TIMEOUT, self.ask(http)).await {
            Ok(fetched) => fetched,
            Err(_) => Err(format!("no answer within {TIMEOUT:?}")),
        };
        fetched.map_err(|error| {
            CredentialsError::new(format!(
                "{}; and the metadata service {} has none: {error}. {WHAT_TO_DO}",
                self.why, self.url
            ))
        })
    }

    async fn ask(&self, http: &Http) -> Result<Credentials, String> {
        let token = self.token(http).await?;
        let mut request = Request::get(format!("{}/openstack/latest/securitykey", self.url));
        if let Some(token) = &token {
            request = request.header("X-Metadata-Token", token.expose());
        }
        let request = request.body(Full::default()).map_err(|error| error.to_string())?;
        let response = send(http, request).await?;
        if !response.status.is_success() {
            let status = response.status.as_u16();
            return Err(format!("it answered {status}, as for a server without an agency"));
        }
        // The message of serde_json may quote a value.
        let key: SecurityKey = serde_json::from_slice(&response.body)
            .map_err(|_| "its answer has no credentials".to_owned())?;
        let Credential { access, secret, securitytoken, expires_at } = key.credential;
        let credentials = Credentials::new(access, secret).with_security_token(securitytoken);
        let expiry = expires_at.and_then(|time| time.parse::<jiff::Timestamp>().ok());
        Ok(match expiry.and_then(|time| SystemTime::try_from(time).ok()) {
            Some(time) => credentials.with_expiry(time),
            None => credentials,
        })
    }

    /// The token that later requests need. Services of older versions have none.
    async fn token(&self, http: &Http) -> Result<Option<Secret>, String> {
        let request = Request::builder()
            .method(Method::PUT)
            .uri(format!("{}/meta-data/latest/api/token", self.url))
            .header("X-Metadata-Token-Ttl-Seconds", "21600")
            .body(Full::<Bytes>::default())
            .map_err(|error| error.to_string())?;
        let response = send(http, request).await?;
        match response.status.as_u16() {
            200 => {
                let token = String::from_utf8_lossy(&response.body).trim().to_owned();
                Ok(Some(token.into()))
            }
            404 | 405 | 503 => Ok(None),
            status => Err(format!("its token was refused with {status}")),
        }
    }
}

async fn send(http: &Http, request: Request<Full<Bytes>>) -> Result<Response, String> {
    http.send(request, TIMEOUT, LARGEST).await.map_err(|Fault { detail, .. }| detail)
}
