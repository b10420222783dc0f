//! Signs a request, sends it, and sends it again where that is safe.

use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;

use super::{Answer, Call, Client};
use crate::credentials::{Credentials, Found};
use crate::error::{Error, ServiceError, TransportError};
use crate::http::{Fault, Response};
use crate::retry::{repeats_status, retry_after};
use crate::settings::SettingsError;
use crate::sign::{self, ObsRequest, SignError, SignedHeaders};

/// The slowest upload that is waited for: so many bytes a second.
const SLOWEST_UPLOAD: u64 = 64 * 1024;

/// How an attempt ended that gave no answer.
enum Failed {
    Refused(Response),
    Fault(Fault),
}

impl Client {
    /// Sends a request until there is an answer, or no further attempt.
    pub(crate) async fn send(&self, call: Call) -> Result<Answer, Error> {
        call.check_path()?;
        let region = call.region.clone();
        let region = self.check_region(region.as_deref())?;
        let endpoint = self.inner.settings.endpoint(call.service, region)?;
        let url = format!("{}{}", endpoint.value, call.target());
        let sign = |credentials: &Credentials| {
            let mut key = credentials.key();
            if let Some(project_id) = &call.project_id {
                key = key.project_id(project_id.clone());
            }
            let request = sign::Request::new(call.method.as_str(), &url).body(&call.body);
            // The type of a body may be rewritten on the way.
            let headers = call.headers.iter().filter(|(name, _)| *name != "Content-Type");
            let request =
                headers.fold(request, |request, (name, value)| request.header(name, value));
            sign::sign(&key, &request, SystemTime::now())
        };
        self.send_signed(&call, &url, sign).await
    }

    /// The same for object storage, which has a signature of its own.
    pub(crate) async fn send_object(
        &self,
        call: Call,
        url: &str,
        object: &ObsRequest<'_>,
    ) -> Result<Answer, Error> {
        let sign = |credentials: &Credentials| {
            sign::sign_obs(&credentials.key(), object, SystemTime::now())
        };
        self.send_signed(&call, url, sign).await
    }

    /// The region of a request. A function of another region is not at this client's endpoint.
    fn check_region<'a>(&'a self, function: Option<&'a str>) -> Result<Option<&'a str>, Error> {
        let settings = &self.inner.settings;
        let (Some(client), Some(function)) = (&settings.region, function) else {
            return Ok(settings.region_or(function));
        };
        if client.value != function {
            return Err(Error::Settings(SettingsError::new(format!(
                "the function is in {function}, but the client is for {} ({}): make a client for \
                 that region",
                client.value, client.source
            ))));
        }
        Ok(Some(function))
    }

    async fn send_signed(
        &self,
        call: &Call,
        url: &str,
        sign: impl Fn(&Credentials) -> Result<SignedHeaders, SignError>,
    ) -> Result<Answer, Error> {
        let host = host_of(url);
        let began = Instant::now();
        let mut attempts = 0;
        // Whether an attempt may have been carried out without an answer.
        let mut is_ambiguous = false;
        loop {
            attempts += 1;
            let Found { value: credentials, .. } = self.credentials().await?;
            let request = self.request(call, url, sign(&credentials)?)?;
            let timeout = self.timeout(call);
            let sent = self.inner.http.send(request, timeout, call.largest_answer).await;
            let failed = match sent {
                Ok(response) if response.status.is_success() => {
                    let operation = call.operation.clone();
                    return Ok(Answer { operation, host, response });
                }
                // What was to be deleted is gone, most likely by the attempt without an answer.
                Ok(response)
                    if is_ambiguous
                        && call.method == Method::DELETE
                        && response.status.as_u16() == 404 =>
                {
                    let operation = call.operation.clone();
                    return Ok(Answer { operation, host, response });
                }
                Ok(response) => Failed::Refused(response),
                Err(fault) => Failed::Fault(fault),
            };
            let (repeats, after) = match &failed {
                Failed::Refused(response) => {
                    let after = response.header("retry-after");
                    let status = response.status.as_u16();
                    is_ambiguous |= matches!(status, 500 | 502 | 503 | 504);
                    (repeats_status(&call.method, status, after.is_some()), retry_after(after))
                }
                Failed::Fault(fault) => {
                    is_ambiguous |= !fault.kind.is_before_request();
                    let is_safe = call.method != Method::POST || fault.kind.is_before_request();
                    (fault.kind.is_transient() && is_safe, None)
                }
            };
            let pause = self.inner.retry.pause(attempts, began.elapsed(), after);
            match pause.filter(|_| repeats) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(failed.error(call, &host, &credentials, attempts)),
            }
        }
    }

    fn request(
        &self,
        call: &Call,
        url: &str,
        signed: SignedHeaders,
    ) -> Result<Request<Full<Bytes>>, Error> {
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(url)
            .header("User-Agent", &self.inner.user_agent);
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        for (name, value) in signed {
            let mut value = http::HeaderValue::try_from(value).map_err(|_| SignError::Header)?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        // A header of the caller's, then: all others were checked when they were signed.
        request.body(Full::new(call.body.clone())).map_err(|_| SignError::Header.into())
    }

    /// How long an attempt may take.
    fn timeout(&self, call: &Call) -> Duration {
        let upload = Duration::from_secs(call.body.len() as u64 / SLOWEST_UPLOAD);
        call.timeout.unwrap_or(self.inner.timeout) + upload
    }
}

impl Failed {
    fn error(self, call: &Call, host: &str, credentials: &Credentials, attempts: u32) -> Error {
        let operation = call.operation.clone();
        match self {
            Self::Fault(fault) => {
                Error::Transport(Box::new(TransportError::new(operation, host, &fault, attempts)))
            }
            Self::Refused(response) => Error::Service(Box::new(ServiceError::new(
                operation,
                call.service,
                &response,
                Some(credentials),
                attempts,
                SystemTime::now(),
            ))),
        }
    }
}

/// The host of a URL, with its port.
fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or_default().to_owned()
}
