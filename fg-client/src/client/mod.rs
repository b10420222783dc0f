//! The client: who asks, where, and for which project.

mod builder;
mod call;
mod identity;
mod send;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{Mutex, OnceCell};

pub use self::builder::Builder;
pub(crate) use self::call::{Answer, Call};
pub use self::identity::Identity;
use crate::credentials::{Credentials, Found, Metadata, Source};
use crate::environment::Environment;
use crate::error::Error;
use crate::function::RemoteFunction;
use crate::http::Http;
use crate::region::Service;
use crate::retry::Retry;
use crate::settings::{Settings, no_region};
use crate::urn::FunctionUrn;

/// A client of FunctionGraph, and of what belongs to it in IAM, LTS and OBS.
///
/// It keeps its connections, the id of its project, and temporary credentials until they end. A
/// clone is cheap, and shares these. All methods are to be called on a tokio runtime with I/O and
/// time enabled.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    http: Http,
    settings: Settings,
    credentials: Keys,
    /// Asked of IAM.
    project: OnceCell<Found<String>>,
    retry: Retry,
    timeout: Duration,
    invoke_timeout: Duration,
    user_agent: String,
}

/// The credentials, or the service that gives them.
enum Keys {
    Fixed(Box<Found<Credentials>>),
    Metadata { service: Metadata, last: Mutex<Option<Credentials>> },
}

/// Temporary credentials are renewed so long before they end.
const RENEW: Duration = Duration::from_secs(5 * 60);

impl Client {
    /// A client with the credentials, region and project that this machine has; see
    /// [`credentials`](crate::credentials) and [`Builder`].
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] and [`Error::Settings`], which say where was looked, and what to do.
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// A client with settings of its own; what is not set comes from the machine.
    pub fn builder() -> Builder {
        Builder::new(Environment::from_process())
    }

    /// A client with other credentials that shares the connections of this one: for a function,
    /// whose credentials come with each invocation.
    #[must_use]
    pub fn with_credentials(&self, credentials: Credentials) -> Self {
        let inner = &self.inner;
        let found = Found::new(credentials, Source::Program);
        Self {
            inner: Arc::new(Inner {
                http: inner.http.clone(),
                settings: inner.settings.clone(),
                credentials: Keys::Fixed(Box::new(found)),
                // It may be another account's.
                project: OnceCell::new(),
                retry: inner.retry.clone(),
                timeout: inner.timeout,
                invoke_timeout: inner.invoke_timeout,
                user_agent: inner.user_agent.clone(),
            }),
        }
    }

    /// The function with this URN, with or without a version or alias.
    pub fn function(&self, urn: impl Into<FunctionUrn>) -> RemoteFunction {
        RemoteFunction::new(self.clone(), urn.into())
    }

    /// The URN of a function in this client's region and project.
    ///
    /// # Errors
    ///
    /// No region, a project that IAM does not name, or a name that no function has.
    pub async fn urn(&self, package: &str, name: &str) -> Result<FunctionUrn, Error> {
        let region = self.inner.settings.region_or(None).ok_or_else(no_region)?;
        let project = self.project().await?;
        FunctionUrn::new(region, &project.value, package, name).map_err(|error| {
            Error::Settings(crate::settings::SettingsError::new(error.to_string()))
        })
    }

    /// The id of the project, asked of IAM once if it is not set.
    pub(crate) async fn project(&self) -> Result<Found<String>, Error> {
        if let Some(project) = &self.inner.settings.project_id {
            return Ok(project.clone());
        }
        let project = self.inner.project.get_or_try_init(|| async {
            let region = self.inner.settings.region_or(None).ok_or_else(no_region)?;
            // Boxed, since a request asks for the project, and this is one.
            let id = Box::pin(self.project_of(region)).await?;
            Ok::<_, Error>(Found::new(id, Source::Iam))
        });
        project.await.cloned()
    }

    /// The credentials to sign with now.
    async fn credentials(&self) -> Result<Found<Credentials>, Error> {
        match &self.inner.credentials {
            Keys::Fixed(credentials) => Ok((**credentials).clone()),
            Keys::Metadata { service, last } => {
                let mut last = last.lock().await;
                let source = Source::Metadata(service.url().to_owned());
                let now = SystemTime::now();
                let lasts = |credentials: &Credentials| {
                    credentials.expires_at().is_none_or(|end| end > now + RENEW)
                };
                if let Some(credentials) = last.as_ref().filter(|credentials| lasts(credentials)) {
                    return Ok(Found::new(credentials.clone(), source));
                }
                let credentials = service.fetch(&self.inner.http).await?;
                *last = Some(credentials.clone());
                Ok(Found::new(credentials, source))
            }
        }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    pub(crate) fn invoke_timeout(&self) -> Duration {
        self.inner.invoke_timeout
    }

    /// The access key with its secret key, for the login of the image registry.
    ///
    /// # Errors
    ///
    /// As for a request: there are no credentials.
    pub async fn swr_login(&self) -> Result<crate::sign::SwrLogin, Error> {
        let region = self.inner.settings.region_or(None).ok_or_else(no_region)?;
        let Found { value: credentials, source } = self.credentials().await?;
        if credentials.security_token().is_some() {
            return Err(Error::Credentials(crate::credentials::CredentialsError::new(format!(
                "{}: temporary credentials cannot log in to the image registry {}; a permanent \
                 access key can",
                source,
                crate::region::host(Service::Swr, region)
            ))));
        }
        Ok(crate::sign::swr_login(region, credentials.access_key(), credentials.secret_key()))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { region, project_id, .. } = &self.inner.settings;
        let value = |found: &Option<Found<String>>| found.as_ref().map(|found| found.value.clone());
        f.debug_struct("Client")
            .field("region", &value(region))
            .field("project_id", &value(project_id))
            .finish_non_exhaustive()
    }
}
